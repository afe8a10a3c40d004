/**
 * Messages between the bench and its worker processes.
 */

/** When this process's own clock began, on the machine's monotonic one, which all processes share. */
const BEGAN_US = began();

/** All times between processes are whole µs of the machine's monotonic clock. Makes no BigInt: it is asked twice for each marble. */
export const nowUs = (): number => Math.round(BEGAN_US + performance.now() * 1000);

/** Looks at both clocks often, and believes the look that took the least: between two calls a process may lose its core. */
function began(): number {
  let best = { tookNs: Infinity, beganUs: NaN };
  for (let look = 0; look < 100; look++) {
    const before = process.hrtime.bigint();
    const own = performance.now();
    const tookNs = Number(process.hrtime.bigint() - before);
    if (tookNs < best.tookNs) best = { tookNs, beganUs: Number(before / 1000n) - own * 1000 };
  }
  return best.beganUs;
}

/** The length of the text that makes a marble as large as asked for. */
export const textLength = (bytes: number): number => Math.max(0, bytes - '{"n":12345,"text":"","at":0}'.length);

export interface Requests {
  /** Sends marbles of numbers from 0 on. A number for `how`: so many at a time are awaited. Returns how long it took. */
  send: { n: number; bytes: number; how: number | 'bulk' | 'stream' };
  /** Asks a sender how many wait in its queue. */
  waiting: object;
  consume: { concurrency: number };
  /** Sends a slow one and so many fast ones behind it; the latency is that of the fast ones. */
  behind: { ms: number; blocks: boolean; fast: number };
  /** Holders that wait and get nothing. */
  idle: { holders: number; heartbeat: 'loop' | 'thread' };
  /** Forgets the latencies so far: what comes from now on counts. */
  measure: object;
  /** Asks for what was handled since `consume`. */
  counted: object;
  stop: object;
  /** Works on so many queues at once. */
  consumeQueues: { queues: number };
  /** Sends at `perSecond`, whether or not earlier ones were answered. */
  pace: { n: number; perSecond: number };
  /** Sends one after the other, each awaited, with a pause behind it; to one of many queues, if its number from 1 on is given. */
  drip: { n: number; everyMs: number; queue?: number };
  /** CPU of this process so far, in µs. */
  cpu: object;
  /** Resident memory at the most, in bytes, of this process so far. */
  peak: object;
  close: object;
}

export interface Consumed {
  readonly n: number;
  /** The sum of their numbers: with `n` it shows that none was handled twice in place of another. */
  readonly sum: number;
  /** The length of all their texts. */
  readonly text: number;
  /** The time of the call of `consume`. */
  readonly begunAt: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** CPU of this process so far, in µs. */
  readonly cpuUs: number;
}

/** From send to handler, in µs; 0 where nothing was measured. */
export interface Latency {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
}

export interface Replies {
  send: { us: number };
  waiting: number;
  consume: null;
  behind: null;
  idle: null;
  counted: Consumed;
  stop: Latency;
  consumeQueues: null;
  measure: null;
  pace: null;
  drip: null;
  cpu: number;
  peak: number;
  close: null;
}

export type Verb = keyof Requests;

export interface Request {
  readonly id: number;
  readonly verb: Verb;
  readonly args: Requests[Verb];
}

export type Reply =
  { readonly id: number; readonly result: Replies[Verb] } | { readonly id: number; readonly error: string };
