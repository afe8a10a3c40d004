/**
 * Makes the connection that a {@link RedisForm} describes: reads its files, finds the node of a cluster.
 *
 * All keys of a run are in one slot, so a run on a cluster needs one plain connection, to the node that owns the slot.
 * Any node tells by MOVED which one that is. What may go wrong: a file cannot be read (MR_BAD_OPTION), or the node is
 * gone. In that case the other known nodes are asked in turn.
 */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import { MarbleRunError } from '../../errors.js';
import { fileWithTrouble } from './files.js';
import { describeRedis, splitAddress, type RedisForm, type TlsForm } from './redis-form.js';
import { sharedReads } from './shared-reads.js';
import type { Place } from './wrong-protocol.js';

type Tls = NonNullable<RedisOptions['tls']>;

export class Dialer {
  /** Known nodes of a cluster; the first is the one to connect to. */
  #nodes: readonly string[];

  constructor(private readonly form: RedisForm) {
    this.#nodes = form.cluster ?? [];
  }

  get isCluster(): boolean {
    return this.form.cluster !== undefined;
  }

  /** True where Sentinels say which server is the master. A replica is then met only while they change their mind. */
  get isWatched(): boolean {
    return this.form.sentinels !== undefined;
  }

  /** The place to connect to next; undefined where Sentinels have to say. */
  get place(): Place | undefined {
    const { host, port, path, sentinels } = this.form;
    if (this.isCluster) return splitAddress(this.#nodes[0]!);
    if (path !== undefined) return { path };
    return sentinels ? undefined : { host: host ?? 'localhost', port: port ?? 6379 };
  }

  get isTls(): boolean {
    return this.form.tls !== undefined && this.form.tls !== false;
  }

  /**
   * True where the password comes from a file. It may have been renewed at Redis a moment before the file is, or after
   * it.
   */
  get readsPassword(): boolean {
    return this.form.passwordFile !== undefined;
  }

  /** The address that this connects to, without the password. */
  get address(): string {
    return this.isCluster ? this.#nodes[0]! : describeRedis(this.form);
  }

  /**
   * Makes a client that is not connected yet. ioredis does not heal it. Instead, a new one is dialled, with fresh
   * files, to the node that is right by then.
   */
  async dial(options: RedisOptions): Promise<Redis> {
    const { db, username, tls } = this.form;
    const all: RedisOptions = {
      ...options,
      lazyConnect: true,
      retryStrategy: () => null,
      ...(await this.#place()),
      ...defined({ db, username, password: await this.#password(), tls: this.#named(await readTls('redis.tls', tls)) }),
    };
    return new Redis({ ...all, ...sharedReads(all) });
  }

  /**
   * Notes that another node of the cluster has the slot. An answer may lack a host: it then means the host that
   * answered.
   */
  moved(to: string): void {
    const { host, port } = splitAddress(to);
    const known = host === '' || host === '?' ? splitAddress(this.#nodes[0]!).host : host;
    this.#prefer(`${known}:${port}`);
  }

  /** Moves on to the next node, because this one cannot be reached. */
  failed(): void {
    const [first, ...others] = this.#nodes;
    if (first !== undefined) this.#nodes = [...others, first];
  }

  /** Asks for the nodes of the cluster, so that they are known when this one is gone. */
  async learn(redis: Redis): Promise<void> {
    const here = splitAddress(this.#nodes[0]!).host;
    const ranges = await redis.cluster('SLOTS');
    const learnt = ranges.flatMap(([, , ...nodes]) => nodes.map(([host, port]) => `${host || here}:${port}`));
    this.#nodes = [...new Set([this.#nodes[0]!, ...learnt, ...(this.form.cluster ?? [])])];
  }

  #prefer(node: string): void {
    this.#nodes = [node, ...this.#nodes.filter((other) => other !== node)];
  }

  /** Names the host that is asked for (SNI), where that is a name: one address may serve many. */
  #named(tls: Tls | undefined): Tls | undefined {
    const { place } = this;
    if (!tls || !place || !('host' in place) || isIP(place.host) !== 0) return tls;
    return { servername: place.host, ...tls };
  }

  async #place(): Promise<RedisOptions> {
    const { sentinels, master } = this.form;
    if (!sentinels) return { ...this.place };
    return { sentinels: sentinels.map(splitAddress), ...defined({ name: master }), ...(await this.#sentinelOptions()) };
  }

  async #sentinelOptions(): Promise<RedisOptions> {
    const { tls, sentinelTls = tls, sentinelUsername, sentinelPassword, sentinelPasswordFile } = this.form;
    return {
      sentinelRetryStrategy: () => null,
      enableTLSForSentinelMode: this.isTls,
      ...defined({
        sentinelUsername,
        sentinelPassword: sentinelPassword ?? (await read('redis.sentinelPasswordFile', sentinelPasswordFile)),
        sentinelTLS: await readTls('redis.sentinelTls', sentinelTls),
      }),
    };
  }

  async #password(): Promise<string | undefined> {
    return this.form.password ?? (await read('redis.passwordFile', this.form.passwordFile));
  }
}

async function readTls(name: string, tls: boolean | TlsForm | undefined): Promise<Tls | undefined> {
  if (tls === undefined || tls === false) return undefined;
  const { caFile, certFile, keyFile, servername } = tls === true ? ({} as TlsForm) : tls;
  const [ca, cert, key] = await Promise.all([
    read(`${name}.caFile`, caFile),
    read(`${name}.certFile`, certFile),
    read(`${name}.keyFile`, keyFile),
  ]);
  return defined({ ca, cert, key, servername });
}

async function read(name: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new MarbleRunError('MR_BAD_OPTION', `${name}: cannot read ${fileWithTrouble(file, error)}`);
  }
}

function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
