/**
 * The heartbeat thread as the main thread sees it. There is one while any lease runs or begins.
 *
 * Each start makes a new thread; a thread that ended never comes back. What may go wrong: it ends before it can send
 * heartbeats. Then whoever waits for it is told, and the next caller starts another. Or it ends later: then it is
 * started again for the leases that exist.
 */
import type { Worker } from 'node:worker_threads';
import type { FromThread, ToThread } from './heartbeat-thread.js';
import { startThread } from './start-thread.js';

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
  readonly #ticker: NodeJS.Timeout;
  #isUp = false;
  #ended = false;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  /**
   * Takes `ended`, which is called once where the thread ended by itself, with whether it could send heartbeats by
   * then.
   */
  constructor(
    events: ThreadEvents,
    private readonly ended: (error: Error, wasUp: boolean) => void,
  ) {
    this.up = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.up.catch(() => undefined); // `ended` tells of it, and so does the wait
    const clock = new BigInt64Array(new SharedArrayBuffer(8));
    const tick = () => Atomics.store(clock, 0, BigInt(Date.now()));
    tick();
    this.#ticker = setInterval(tick, TICK_MS).unref();
    this.#worker = startThread(clock);
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

interface Beating {
  readonly message: ToThread;
  readonly lost: () => void;
}

export class ThreadKeeper {
  readonly #holders = new Map<string, Beating>();
  /** The number of leases that are about to begin: the thread must not end under them. */
  #beginning = 0;
  #thread: Thread | undefined;

  constructor(private readonly trouble: (message: string) => void) {}

  /** Does `work` while the thread is up. Rejects with the reason of `signal` where that comes first. */
  async whileUp(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#beginning++;
    try {
      await unlessAborted(this.#running().up, signal);
      await work();
    } finally {
      this.#beginning--;
      this.#endIfIdle();
    }
  }

  add(holder: string, message: ToThread, lost: () => void): void {
    this.#holders.set(holder, { message, lost });
    this.#running().post(message);
  }

  remove(holder: string): void {
    if (!this.#holders.delete(holder)) return;
    this.#thread?.post({ remove: holder });
    this.#endIfIdle();
  }

  #running(): Thread {
    const events = { lost: (holder: string) => this.#holders.get(holder)?.lost(), trouble: this.trouble };
    return (this.#thread ??= new Thread(events, (error, wasUp) => this.#ended(error, wasUp)));
  }

  /** Handles an unforeseen end: the leases must not pass with the thread, so it is started again if it ever ran. */
  #ended(error: Error, wasUp: boolean): void {
    this.#thread = undefined;
    this.trouble(`the thread ended: ${error.message}`);
    if (wasUp) for (const { message } of this.#holders.values()) this.#running().post(message);
  }

  #endIfIdle(): void {
    if (this.#holders.size > 0 || this.#beginning > 0) return;
    this.#thread?.end();
    this.#thread = undefined;
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
