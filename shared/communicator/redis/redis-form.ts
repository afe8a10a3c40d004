/**
 * Where Redis is and how to get in: a URL, or the long form for what a URL cannot say.
 *
 * Both are plain data, so that a heartbeat thread and a configuration file can have them too. Files (passwords,
 * certificates) are named here and read at each connect (`dial.ts`), so that they may be renewed. What may go wrong:
 * MR_BAD_OPTION, which names the field and what is allowed. It shows no text that was given, because a password may
 * have been put into any field.
 */
import { bad, checkOptions, having, whole, type Rule, type Rules } from '../../check-options.js';
import { isMarbleRunError } from '../../errors.js';
import { parseUrl } from './redis-url.js';

export interface TlsForm {
  /** The file of authorities to trust instead of the system's, PEM. */
  readonly caFile?: string;
  /** Files of the client certificate and its key, PEM. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name that the server's certificate must have, where that is not the host. */
  readonly servername?: string;
}

/**
 * Exactly one of `host`, `path`, `cluster` and `sentinels` says where Redis is. The other fields go with each of them.
 */
export interface RedisForm {
  readonly host?: string;
  /** Default 6379. */
  readonly port?: number;
  /** The path of a Unix socket. */
  readonly path?: string;
  /** Some nodes of a Redis Cluster, `host:port`. The others are learnt from them. */
  readonly cluster?: readonly string[];
  /** Sentinels, `host:port`, and the name of the master that they watch. */
  readonly sentinels?: readonly string[];
  readonly master?: string;
  /** Default 0; a cluster has no other. */
  readonly db?: number;
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  /** True, or the details. It also holds for Sentinels, unless `sentinelTls` says otherwise. */
  readonly tls?: boolean | TlsForm;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  readonly sentinelPasswordFile?: string;
  readonly sentinelTls?: boolean | TlsForm;
}

const text = having('text', (value) => typeof value === 'string' && value !== '');
const address = having('host:port', (value) => typeof value === 'string' && isAddress(value));
const addresses = having(
  'one or more "host:port"',
  (value) => Array.isArray(value) && value.length > 0 && value.every(address.test),
);
const hostName = having('a host name or an IP address', (value) => text.test(value) && !/[\s/@?#]/.test(String(value)));

/** Wraps a rule so that its refusal shows no text. */
function quiet(name: string, { allowed, test }: Rule): Rule {
  return having(allowed, (value) => test(value) || (typeof value === 'string' && bad(name, '…', allowed)));
}

const quietly = (where: string, rules: Rules): Rules =>
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, quiet(`${where}.${name}`, rule)]));

/** A rule for a secret: its refusal shows nothing of what was given. */
const secret = (name: string) => having('text', (value) => text.test(value) || bad(name, '…', 'text'));

const TLS_RULES: Rules = { caFile: text, certFile: text, keyFile: text, servername: text };
const tls = (where: string) =>
  having('true, false, or an object', (value) => {
    if (typeof value !== 'object') return typeof value === 'boolean';
    checkOptions(where, value, quietly(where, TLS_RULES));
    const { certFile, keyFile } = value as TlsForm;
    if ((certFile === undefined) !== (keyFile === undefined))
      bad(`${where}.${certFile ? 'keyFile' : 'certFile'}`, undefined, 'a file: certFile and keyFile go together');
    return true;
  });

const rulesOf = (where: string): Rules =>
  quietly(where, {
    host: hostName,
    port: whole(1, 65_535),
    path: having('an absolute path', (value) => typeof value === 'string' && value.startsWith('/')),
    cluster: addresses,
    sentinels: addresses,
    master: text,
    db: whole(0, 1_000_000),
    username: text,
    password: secret(`${where}.password`),
    passwordFile: text,
    tls: tls(`${where}.tls`),
    sentinelUsername: text,
    sentinelPassword: secret(`${where}.sentinelPassword`),
    sentinelPasswordFile: text,
    sentinelTls: tls(`${where}.sentinelTls`),
  });

/**
 * Checks what a user gave and returns the long form. What was given may be a URL, the long form, or that as JSON.
 * `where` names it in messages. Throws MR_BAD_OPTION.
 */
export function parseRedis(given: unknown, where = 'redis'): RedisForm {
  const form = typeof given === 'string' ? parseText(given.trim(), where) : given;
  checkOptions(where, form, rulesOf(where));
  checkRelations(form as RedisForm, where);
  return form as RedisForm;
}

/** Describes the place for people, without the secrets. */
export function describeRedis({ host, port, path, cluster, sentinels, master, db }: RedisForm): string {
  const place =
    path ??
    (cluster ? `cluster ${cluster.join(', ')}` : undefined) ??
    (sentinels ? `${master} of the Sentinels ${sentinels.join(', ')}` : `${host ?? 'localhost'}:${port ?? 6379}`);
  return db ? `${place}/${db}` : place;
}

/** Splits `host:port`, where the host may be an IPv6 address with or without brackets. */
export function splitAddress(hostAndPort: string): { host: string; port: number } {
  const colon = hostAndPort.lastIndexOf(':');
  return { host: hostAndPort.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(hostAndPort.slice(colon + 1)) };
}

function isAddress(value: string): boolean {
  const { host, port } = splitAddress(value);
  return /^[A-Za-z0-9._:-]+$/.test(host) && Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function checkRelations(form: RedisForm, where: string): void {
  const places = (['host', 'path', 'cluster', 'sentinels'] as const).filter((name) => form[name] !== undefined);
  if (places.length > 1) bad(where, places.join(' and '), 'one of host, path, cluster, sentinels');
  if (form.port !== undefined && places.length > 0 && !form.host)
    bad(`${where}.port`, form.port, `only without ${places[0]}`);
  if ((form.sentinels === undefined) !== (form.master === undefined))
    bad(`${where}.${form.master ? 'sentinels' : 'master'}`, undefined, 'both sentinels and master, or neither');
  if (form.cluster && form.db) bad(`${where}.db`, form.db, 'only 0 with a cluster');
  for (const [one, other] of [
    ['password', 'passwordFile'],
    ['sentinelPassword', 'sentinelPasswordFile'],
  ] as const) {
    if (form[one] !== undefined && form[other] !== undefined) bad(`${where}.${one}`, '…', `only without ${other}`);
  }
  if (form.username !== undefined && form.password === undefined && form.passwordFile === undefined)
    bad(`${where}.username`, '…', 'only together with password or passwordFile');
  for (const name of ['sentinelUsername', 'sentinelPassword', 'sentinelPasswordFile', 'sentinelTls'] as const) {
    if (form[name] !== undefined && !form.sentinels) bad(`${where}.${name}`, '…', 'only together with sentinels');
  }
}

function parseText(given: string, where: string): unknown {
  if (given.startsWith('{')) return parseJson(given, where);
  if (given.startsWith('/')) return { path: given };
  if (given.startsWith('unix:')) return { path: given.slice(5).replace(/^\/\/(?=\/)/, '') };
  return parseUrl(given, where);
}

function parseJson(given: string, where: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return bad(where, 'the text beginning with "{"', 'the long form as JSON'); // not shown: it may hold a password
  }
}

/** Returns the mistake as a text, or undefined. A service checks its variable with it. */
export function mistakeInRedis(given: unknown): string | undefined {
  try {
    parseRedis(given);
    return undefined;
  } catch (error) {
    if (!isMarbleRunError(error)) throw error;
    return error.message;
  }
}
