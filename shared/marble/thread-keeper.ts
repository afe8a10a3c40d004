/**
 * The heartbeat thread as the main thread sees it. There is one while any lease runs or begins.
 *
 * Each start makes a new thread; a thread that ended never comes back. What may go wrong: it cannot start, or ends before
 * it can send heartbeats. Then a warning says so, and the main loop sends them for the leases that exist. Or it ends
 * later: then it is started again for these.
 */
import type { Worker } from 'node:worker_threads';
import { Beaters, type Beating } from './beaters.js';
import type { FromThread, ToThread } from './heartbeat-thread.js';
import { startThread, type SharedWithThread } from './start-thread.js';

/** The main loop writes the time here; the thread reads how old it is. */
const TICK_MS = 250;

export interface ThreadEvents {
  readonly lost: (holder: string) => void;
  readonly trouble: (message: string) => void;
}

/** One thread, from its start to its end. */
class Thread {
  /** Resolves when the thread can send heartbeats; rejects where it ends before that. */
  readonly up: Promise<void>;
  readonly #worker: Worker;
  readonly #hurry = new Int32Array(new SharedArrayBuffer(4));
  readonly #ticker: NodeJS.Timeout;
  #isUp = false;
  #ended = false;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  /**
   * Takes `ended`, which is called once where the thread ended by itself, with whether it could send heartbeats by
   * then.
   */
  constructor(
    start: (shared: SharedWithThread) => Worker,
    events: ThreadEvents,
    private readonly ended: (error: Error, wasUp: boolean) => void,
  ) {
    this.up = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.up.catch(() => undefined); // `ended` tells of it, and so does the wait
    const clock = new BigInt64Array(new SharedArrayBuffer(8));
    const tick = () => Atomics.store(clock, 0, BigInt(Date.now()));
    tick();
    this.#worker = start({ clock, hurry: this.#hurry });
    this.#ticker = setInterval(tick, TICK_MS).unref();
    this.#worker.on('message', (message: FromThread) => {
      if ('lost' in message) events.lost(message.lost);
      else if ('trouble' in message) events.trouble(message.trouble);
      else this.#ready();
    });
    this.#worker.once('error', (error: Error) => this.#over(error));
    this.#worker.once('exit', (code) => this.#over(new Error(`it exited with code ${code}`)));
  }

  post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  /** Has it load its program now, if it has not. Safe to call twice. */
  hurry(): void {
    Atomics.store(this.#hurry, 0, 1);
    Atomics.notify(this.#hurry, 0);
  }

  /** Ends the thread on purpose. Safe to call twice. */
  end(): void {
    this.#over(undefined);
  }

  #ready(): void {
    this.#isUp = true;
    this.#worker.unref();
    this.#settle?.resolve();
  }

  #over(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#ticker);
    void this.#worker.terminate();
    this.#settle?.reject(error ?? new Error('the heartbeat thread was ended'));
    if (error) this.ended(error, this.#isUp);
  }
}

/** A lease that is so long lasts until the thread is up: nobody waits for the thread then, and it may rest. */
const LONG_LEASE_MS = 10_000;
/** A connection that may be gone for so long is not missed before a thread that rested beats by one of its own. */
const LONG_GONE_MS = 1000;

interface Patience {
  readonly leaseMs: number;
  readonly goneMs: number;
}

interface Lease {
  readonly beating: Beating;
  readonly lost: () => void;
}

export class ThreadKeeper {
  readonly #leases = new Map<string, Lease>();
  /** The number of leases that are about to begin: the thread must not end under them. */
  #beginning = 0;
  #thread: Thread | undefined;
  /** The beaters in the main loop, where there is no thread. */
  #inLoop: Beaters | undefined;

  constructor(
    private readonly trouble: (message: string) => void,
    private readonly start: (shared: SharedWithThread) => Worker = startThread,
  ) {}

  /**
   * Does `work`, which begins a lease and adds it. A short lease waits until the thread is up. Rejects with the reason of
   * `signal` where that comes first.
   */
  async whileUp(work: () => Promise<void>, signal: AbortSignal, { leaseMs, goneMs }: Patience): Promise<void> {
    this.#beginning++;
    try {
      signal.throwIfAborted();
      const thread = this.#running();
      const isShort = leaseMs < LONG_LEASE_MS;
      if (isShort || (goneMs > 0 && goneMs < LONG_GONE_MS)) thread?.hurry();
      const up = thread?.up.catch(() => undefined); // where it ends, the main loop beats
      if (up && isShort) await unlessAborted(up, signal);
      await work();
    } finally {
      this.#beginning--;
      this.#endIfIdle();
    }
  }

  add(beating: Beating, lost: () => void): void {
    this.#leases.set(beating.holder, { beating, lost });
    this.#beat(beating);
  }

  remove(holder: string): void {
    if (!this.#leases.delete(holder)) return;
    this.#thread?.post({ remove: holder });
    this.#inLoop?.remove(holder);
    this.#endIfIdle();
  }

  /** Has all hearts noted anew by connections of the thread. */
  beatNow(): void {
    this.#thread?.hurry();
    this.#thread?.post({ beatNow: true });
    this.#inLoop?.beatNow();
  }

  #beat(beating: Beating): void {
    const thread = this.#running();
    if (thread) thread.post({ add: beating });
    else this.#inLoop?.add(beating);
  }

  get #events(): ThreadEvents {
    return { lost: (holder) => this.#leases.get(holder)?.lost(), trouble: this.trouble };
  }

  /** Returns the thread, after starting it where there is none; undefined where the main loop beats instead. */
  #running(): Thread | undefined {
    if (this.#thread || this.#inLoop) return this.#thread;
    try {
      this.#thread = new Thread(this.start, this.#events, (error, wasUp) => this.#ended(error, wasUp));
    } catch (error) {
      this.#ended(error as Error, false);
    }
    return this.#thread;
  }

  /** Handles an unforeseen end: the leases must not pass with the thread. */
  #ended(error: Error, wasUp: boolean): void {
    this.#thread = undefined;
    const instead = wasUp ? '' : '; the main loop sends heartbeats instead';
    this.trouble(`the thread ended: ${error.message}${instead}`);
    if (!wasUp) this.#inLoop = new Beaters({ ...this.#events, blockedMs: () => 0 });
    for (const { beating } of this.#leases.values()) this.#beat(beating);
  }

  #endIfIdle(): void {
    if (this.#leases.size > 0 || this.#beginning > 0) return;
    this.#thread?.end();
    this.#thread = this.#inLoop = undefined;
  }
}

async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let aborted = (): void => undefined;
  const abort = new Promise<never>((_, reject) => (aborted = () => reject(signal.reason as Error)));
  signal.addEventListener('abort', aborted);
  try {
    await Promise.race([promise, abort]);
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}
