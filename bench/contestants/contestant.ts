/**
 * A contestant of the benchmark: an adapter of a few lines for each library.
 *
 * What may go wrong: an adapter that uses its library badly makes the comparison unfair, so each
 * lists its settings, and they are printed with the results.
 */
import type { ServerKind } from '../servers/index.js';

export interface Data {
  readonly n: number;
  readonly text: string;
  /** When it was sent, in µs of the machine's monotonic clock; 0 where latency is not measured. */
  readonly at: number;
  /** The handler takes so long, and keeps its event loop from turning meanwhile, or not. Default: no time. */
  readonly slow?: { readonly ms: number; readonly blocks: boolean };
}

export interface Contestant {
  readonly name: string;
  /** How it is set up, for the reader. */
  readonly settings: string;
  /** The reason why it is set up so. */
  readonly why: string;
  /** Marbles of a measurement, as a multiple of the workload's: the faster, the more, so that all take about as long. */
  readonly weight: number;
  /** Rounds at the most, for one that is far from being the best. Default: as many as the bench is told. */
  readonly mostRounds?: number;
  /** Default: Redis. */
  readonly server?: ServerKind;
  /** The program that runs its processes, where it is not Node.js. */
  readonly runtime?: string;
  open(url: string): Session | Promise<Session>;
}

export interface Session {
  /** Resolves when it is in Redis. */
  send(data: Data): Promise<unknown>;
  /** Sends by the library's own bulk call; resolves when all are in Redis. */
  sendBulk(batch: readonly Data[]): Promise<unknown>;
  /** How many wait: what was sent and is not there is an error of the bench. */
  waiting(): Promise<number>;
  /** Any number, by what the library has for that. */
  stream?(items: Iterable<Data>): Promise<unknown>;
  /** Resolves when so many holders wait; with `loop` each has a heartbeat of its own, as if it were a process, else they share one. */
  idle?(holders: number, heartbeat: 'loop' | 'thread'): Promise<unknown>;
  /** Starts to work on what waits and what comes. What `handle` returns is waited for. */
  consume(concurrency: number, handle: (data: Data) => unknown): Promise<Consumer> | Consumer;
  /** Many queues of one worker, where a workload asks for that. */
  readonly queues?: ManyQueues;
  close(): Promise<unknown>;
}

export interface ManyQueues {
  sender(queue: string): (data: Data) => Promise<unknown>;
  consume(queues: readonly string[], handle: (data: Data) => unknown): Promise<Consumer> | Consumer;
}

export interface Consumer {
  /** Resolves when what was begun is finished in Redis too. */
  stop(): Promise<unknown>;
}

export const QUEUE = 'bench';

/** Several consumers as one. */
export const together = (consumers: readonly Consumer[]): Consumer => ({
  stop: () => Promise.all(consumers.map((one) => one.stop())),
});
