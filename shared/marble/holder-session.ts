/**
 * Holds marbles for a client: one holder with its heartbeat at a time, entered at the first use and replaced when it was
 * given up.
 *
 * Its owner is told which marbles are refused, and needs to know nothing else of that. What may go wrong: the holder was
 * silent for longer than its lease, or Redis went back in time. Then all that it has is handed out again, what its owner
 * finishes of that is refused, and a new holder does the rest of the same call.
 */
import { hostname } from 'node:os';
import type { Communicator } from '../communicator/communicator.js';
import type { Connection } from '../communicator/redis/connection.js';
import type { Heart } from '../communicator/watch/hearts.js';
import type { Holding } from '../communicator/hold/holding.js';
import type { GivenBack, Held, SwapRequest } from '../communicator/hold/held.js';
import { MarbleRunError } from '../errors.js';
import { expectMonitor } from './expect-monitor.js';
import { leaveHeart, useHeart } from './heart.js';
import { heartbeatOf, type Heartbeat } from './heartbeat.js';
import type { ResolvedOptions } from './options.js';
import { graceMs } from './prefetch.js';
import { workers } from './solitude.js';

/** The result of a swap. */
export interface SwapOutcome {
  readonly taken: readonly Held[];
  /** Their finish changed nothing: they are handed out again. */
  readonly refused: ReadonlySet<Held>;
  /** Batches, of those whose members were finished or sent, that are cancelled. */
  readonly cancelled: readonly string[];
}

export interface SessionOptions {
  /** Work on what is held may not have begun (`HoldingOptions.takesAhead`). */
  readonly takesAhead: boolean;
  /** Called when a holder was given up, with all that it had. */
  readonly lost: (holding: Holding) => void;
}

const NONE: ReadonlySet<Held> = new Set<Held>();

export class HolderSession {
  readonly #heartbeat: Heartbeat;
  readonly #waiting: Connection;
  #entering: Promise<Holding> | undefined;
  /** The holder that is entered; undefined before, and once it was given up or has left. */
  #entered: Holding | undefined;
  /** The latest holder that was entered. */
  #current: Holding | undefined;
  #hasLeft = false;
  /** True where this has noted the heart with its own connection. */
  #hasPulsed = false;

  constructor(
    private readonly communicator: Communicator,
    private readonly options: ResolvedOptions,
    private readonly session: SessionOptions,
  ) {
    this.#heartbeat = heartbeatOf(options);
    this.#waiting = communicator.holders.waitingConnection(options.blockMs);
  }

  /** Id of the latest holder that was entered. */
  get id(): string | undefined {
    return this.#current?.id;
  }

  /** A marble that was waited for is ours, and its queue does not know that yet: the next swap tells. */
  get isInInbox(): boolean {
    return this.#current?.isInInbox ?? false;
  }

  /** Finishes and takes in one round trip. */
  async swap(request: SwapRequest): Promise<SwapOutcome> {
    const { finish = [], abandon = [], sources, want, woken, isAhead, waitOn } = request;
    const holding = this.#entered ?? (await this.#holding()); // a loop comes here for each marble
    const own = finish.filter(({ held }) => held.holder === holding);
    const ownAbandoned = abandon.filter((one) => one.holder === holding);
    // Each request has the same fields, whoever asks, so that V8 compiles what follows once.
    const result = await holding.swap({ finish: own, abandon: ownAbandoned, sources, want, woken, isAhead, waitOn });
    if (result.forgotten) {
      await this.#replace(holding);
      return { ...(await this.swap({ sources, want, woken, isAhead, waitOn })), refused: allOf(finish) };
    }
    const { taken, cancelled, refused } = result;
    const isWhole = own.length === finish.length && refused.size === 0; // nearly always: nothing is made then
    return { taken, cancelled, refused: isWhole ? NONE : notTakenFrom(finish, holding, refused) };
  }

  /** Gives marbles back, the last taken first. Returns those that are not ours any more. */
  async giveBack(items: readonly GivenBack[]): Promise<ReadonlySet<Held>> {
    const holding = await this.#holding();
    const own = items.filter(({ held }) => held.holder === holding);
    if (own.length === 0) return allOf(items);
    const result = await holding.giveBack(own);
    if (!result.forgotten) return notTakenFrom(items, holding, result.refused);
    await this.#replace(holding);
    return allOf(items);
  }

  /** Gives marbles back as if they had not been taken, the last taken first. */
  async release(marbles: readonly Held[]): Promise<void> {
    await this.giveBack(marbles.map((held) => ({ held, verdict: 'release', delayMs: 0 })));
  }

  /** Waits for one marble of the queue that the last swap named as `waitOn` (`Holding.block`). */
  async block(queue: string, mostMs: number): Promise<Held | undefined> {
    const holding = await this.#holding();
    return holding.block(queue, mostMs, this.options.blockMs);
  }

  /** Ends a freeze by the heartbeat's thread, where nothing is held that has not begun (`Progress.thaw`). */
  thaw(): void {
    this.#current?.progress.thaw();
  }

  /** Ends a wait that is under way. */
  async unblock(): Promise<void> {
    await (await this.#entering)?.unblock();
  }

  /** A line for people, shown with the holder. */
  async report(message: string): Promise<void> {
    const holding = await this.#holding();
    await holding.report(message);
  }

  /** Gives back all that is held; there is no holder after this. Safe twice. */
  async leave(): Promise<void> {
    const entering = this.#entering;
    this.#hasLeft = true;
    this.#entering = this.#entered = undefined;
    try {
      const holding = await entering;
      if (holding) await Promise.all([this.#stopBeating(holding), holding.leave()]);
    } finally {
      this.#waiting.close();
    }
  }

  #holding(): Promise<Holding> {
    if (this.#hasLeft) return Promise.reject(new MarbleRunError('MR_CLOSED', 'this worker has stopped'));
    return (this.#entering ??= this.#enter().catch((error: unknown) => {
      this.#entering = undefined;
      throw error;
    }));
  }

  /** The old holder leaves, and the next call enters a new one. */
  async #replace(forgotten: Holding): Promise<void> {
    this.session.lost(forgotten);
    // Several calls may hear of it, and the one after the first must not lose the holder that followed.
    if (this.#entered === forgotten) this.#entering = this.#entered = undefined;
    const stopped = this.#stopBeating(forgotten);
    await forgotten.unblock(); // else what comes now would lie with nobody until the search for orphans
    await Promise.all([stopped, forgotten.leave()]);
  }

  /**
   * Ends the heartbeat of this holder. Where nobody else has its heart, it says so on the bus; otherwise its connection
   * would be missed while it gives back what it has.
   */
  async #stopBeating({ id }: Holding): Promise<void> {
    const { heart } = this.#heartbeat;
    this.#heartbeat.remove(id);
    if (!heart) return;
    if (leaveHeart(heart))
      await this.communicator.hearts.stop(heart.id).catch(() => undefined); // else a Monitor forgets it
    else if (this.#hasPulsed) this.#heartbeat.beatNow(); // others have it, and our connection may end
  }

  /**
   * Notes the heart with the connection that this works on, until the heartbeat has one of its own: a process may die in
   * its first second. Where it fails, the first heartbeat tells.
   */
  #pulse(heart: Heart): void {
    this.#hasPulsed = true;
    this.communicator.whenCut(this.#whenCut);
    this.communicator.hearts.pulse(heart).catch(() => undefined);
  }

  readonly #whenCut = (): void => this.#heartbeat.beatNow();

  async #enter(): Promise<Holding> {
    const { leaseMs, maxAttempts } = this.options;
    const { takesAhead } = this.session;
    // A worker ends its time limits itself; a loop cannot.
    const timeLimitMs = this.options.timeLimitMs + (takesAhead ? graceMs(this.options.timeLimitMs) : 0);
    const limit = timeLimitMs > 0 && { timeLimitMs: String(timeLimitMs) };
    const { heart } = this.#heartbeat;
    const description = { host: hostname(), pid: String(process.pid), ...limit, ...(heart && { heart: heart.id }) };
    const about = { leaseMs, timeLimitMs, maxAttempts, takesAhead, hasCompany: workers.size > 1, description };
    const holding = this.communicator.holders.holding(this.#waiting, about);
    await this.communicator.mustBeAllowed('work');
    const lost = () => {
      this.session.lost(holding);
      void holding.unblock().catch(() => undefined); // what fails here fails again, and is told, with its next swap
    };
    await this.#heartbeat.whileUp(async () => {
      await holding.enter();
      this.#current = holding;
      if (heart && useHeart(heart)) this.#pulse(heart);
      expectMonitor(this.communicator, this.options.metrics);
      this.#heartbeat.add(holding.id, lost, holding.progress.memory);
    }, this.communicator.closed);
    if (!this.#hasLeft) this.#entered = holding;
    return holding;
  }
}

type Some = readonly { readonly held: Held }[];

function allOf(some: Some): ReadonlySet<Held> {
  return new Set(some.map(({ held }) => held));
}

/** Picks those that this holder does not have, and those whose receipts were refused. */
function notTakenFrom(some: Some, holding: Holding, refused: ReadonlySet<string>): ReadonlySet<Held> {
  return allOf(some.filter(({ held }) => held.holder !== holding || refused.has(held.receipt)));
}
