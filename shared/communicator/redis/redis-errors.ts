/**
 * Tells what an error of Redis or of the connection means for the command that met it.
 *
 *   cut      the connection broke: the command may or may not have been done; ask again, marked as such
 *   wait     not done; Redis is starting, failing over or electing, or a slot is on its way to another
 *            node of a cluster: ask again a little later
 *   moved    not done; another node of the cluster has the slot: ask there
 *   refused  not done, and asking again changes nothing: a MarbleRunError for the caller
 */
import { MarbleRunError, isMarbleRunError, type ErrorCode } from '../../errors.js';
import { noteAsked, whereOf } from './failed-command.js';

export type Verdict =
  | { readonly kind: 'cut' }
  | { readonly kind: 'wait'; readonly state: string }
  | { readonly kind: 'moved'; readonly to: string }
  | { readonly kind: 'refused'; readonly error: MarbleRunError };

/**
 * The replies that mean `wait`.
 *
 * ASK and TRYAGAIN: the slot is being migrated. Going where ASK says would help only commands of one key: both nodes
 * refuse a script whose keys are not all there yet, until the slot has moved.
 *
 * NOSCRIPT: ioredis sends the text once where a script was forgotten. Another SCRIPT FLUSH may come just then.
 */
const WAITS = [
  ...['LOADING', 'CLUSTERDOWN', 'MASTERDOWN', 'ASK', 'TRYAGAIN'],
  ...['BUSY', 'MISCONF', 'NOREPLICAS', 'UNBLOCKED', 'NOSCRIPT'],
];

const REFUSALS: Record<string, { code: ErrorCode; hint: string }> = {
  NOAUTH: {
    code: 'MR_REDIS_AUTH',
    hint: 'Redis asks for a password; give it in the URL: redis://user:password@host:port',
  },
  WRONGPASS: {
    code: 'MR_REDIS_AUTH',
    hint: 'Redis refused the user name or password; in a URL write a % of theirs as %25',
  },
  DENIED: {
    code: 'MR_REDIS_AUTH',
    hint: 'this Redis has no password and accepts only clients of its own machine; set a password there and give it in the URL',
  },
  NOPERM: { code: 'MR_REDIS_AUTH', hint: 'the Redis user may not run this' },
  WRONGTYPE: { code: 'MR_REDIS_WRONG_TYPE', hint: 'a key of the run holds something else; rename or delete it' },
  READONLY: { code: 'MR_REDIS_READONLY', hint: 'this Redis is a read-only replica; connect to its primary' },
  MASTERDOWN: {
    code: 'MR_REDIS_READONLY',
    hint: 'this Redis is a replica that has lost its primary; connect to a primary',
  },
  OOM: { code: 'MR_REDIS_FULL', hint: 'Redis is over its maxmemory; nothing was sent' },
};

/** The answer of Redis 7.0 where a right is missing in a script. Later versions say NOPERM. */
const NO_RIGHT = /The user executing the script can't /;

/** The reply of a Redis that is full of clients. It does not begin with a word of its own. */
const TOO_MANY = 'max number of clients reached';

/** Messages of a broken connection. ioredis has no codes for it: these are its messages and Node's error codes. */
const CUT =
  /Connection is closed|All sentinels are unreachable|Reached the max retries|Stream isn't writeable|Socket timeout|closed before|ECONN|EPIPE|connect ENOENT|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;

/** Node's codes and OpenSSL's words for a handshake that failed. */
const TLS = /CERT|ERR_TLS|ERR_SSL|SSL routines|certificate/;

/** An error that says of itself that it is to be waited out. */
export class RetryLater extends Error {}

/** Fields that ioredis adds to an error: the command that was asked, and what failed before it in a transaction. */
interface Told {
  readonly command?: { args: unknown[] };
  readonly previousErrors?: unknown[];
}

export function verdictOn(cause: unknown): Verdict {
  if (cause instanceof RetryLater) return { kind: 'wait', state: cause.message };
  if (isMarbleRunError(cause)) return { kind: 'refused', error: cause };
  const { command, previousErrors: [queued] = [] } = cause as Told;
  noteAsked(cause);
  if (command) command.args = []; // they hold passwords and data, and an error may be printed with its cause
  if (queued !== undefined) return verdictOn(queued); // this is why the transaction was discarded
  const { code = '', message: said = String(cause) } = cause as Partial<NodeJS.ErrnoException>; // in Jest, of another realm
  const message = `${code} ${said}`.trim();
  const word = /^(?:ERR (?:user_script:\d+: (?:ERR )?)?)?-?([A-Z]+)/.exec(said)?.[1] ?? '';
  const where = whereOf(cause);
  const refusal =
    REFUSALS[message.includes('invalid username-password') ? 'WRONGPASS' : NO_RIGHT.test(message) ? 'NOPERM' : word];
  if (refusal) {
    const hint = where === '' ? refusal.hint : `${where}: ${refusal.hint}`;
    return { kind: 'refused', error: new MarbleRunError(refusal.code, `${hint}: ${message}`, { cause }) };
  }
  if (word === 'MOVED') return { kind: 'moved', to: message.split(' ').at(-1)! };
  if (TLS.test(message)) {
    const hint = 'no TLS connection to Redis; check tls, caFile, certFile, keyFile and servername of redis';
    return { kind: 'refused', error: new MarbleRunError('MR_REDIS_TLS', `${hint}: ${message}`, { cause }) };
  }
  if (message.includes(TOO_MANY)) return { kind: 'wait', state: TOO_MANY };
  if (WAITS.includes(word)) return { kind: 'wait', state: word };
  if (CUT.test(message)) return { kind: 'cut' };
  return {
    kind: 'refused',
    error: new MarbleRunError('MR_REDIS_REPLY', `${where === '' ? 'Redis' : where} answered: ${message}`, { cause }),
  };
}

/** Words for an error. Where a name has several addresses, it tells what each of them said. */
export function inWords(error: Error): string {
  const { errors = [] } = error as Partial<AggregateError>;
  return errors.length > 0 ? errors.map((one) => (one as Error).message).join(', ') : error.message;
}
