/**
 * Messages between the bench and its worker processes.
 */

/** When this process's own clock began, on the machine's monotonic one, which all processes share. */
const BEGAN_US = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000;

/** All times between processes are whole µs of the machine's monotonic clock. Makes no BigInt: it is asked twice for each marble. */
export const nowUs = (): number => Math.round(BEGAN_US + performance.now() * 1000);

export interface Requests {
  /** Sends `n` marbles from number `from` on; returns how long it took. */
  send: { n: number; bytes: number; how: 'one by one' | 'hundred under way' | 'bulk' | 'stream' };
  /** Latency is that of marbles from number `measuredFrom` on, of senders that note the time; default all. */
  consume: { concurrency: number; measuredFrom?: number };
  /** Sends a slow one and so many fast ones behind it; the latency is that of the fast ones. */
  behind: { ms: number; blocks: boolean; fast: number };
  /** Holders that wait and get nothing. */
  idle: { holders: number; heartbeat: 'loop' | 'thread' };
  /** Asks for the number of jobs handled since `consume`. */
  counted: object;
  stop: object;
  /** Sends at `perSecond`, whether or not earlier ones were answered; or, with 0, one each 5 ms, awaited. */
  pace: { n: number; perSecond: number };
  /** CPU of this process so far, in µs. */
  cpu: object;
  /** Resident memory at the most, in bytes, of this process so far. */
  peak: object;
  close: object;
}

export interface Consumed {
  readonly n: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** From send to handler, in µs; 0 where nothing was measured. */
export interface Latency {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
}

export interface Replies {
  send: { us: number };
  consume: null;
  behind: null;
  idle: null;
  counted: Consumed;
  stop: Latency;
  pace: null;
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
