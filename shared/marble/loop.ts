/**
 * The loop form: one marble in hand at a time, from `wait` to `finish`.
 *
 * What may go wrong: the script waits again without a finish. Then the marble is abandoned, and the Monitor brings it
 * back with its attempt raised. Or the lease passes first, and `finish` throws MR_LEASE_LOST.
 */
import type { Communicator } from '../communicator/communicator.js';
import type { Envelope } from '../communicator/data/envelope.js';
import type { Held } from '../communicator/hold/held.js';
import type { Holding } from '../communicator/hold/holding.js';
import { checkOptions, delay } from '../check-options.js';
import { MarbleRunError, isMarbleRunError } from '../errors.js';
import { Cancels, batchCancelled } from './cancels.js';
import { dataOf } from './codec.js';
import { describeError } from './described-error.js';
import { InHand } from './in-hand.js';
import { HeldInLoop } from './held-in-loop.js';
import type { HolderSession } from './holder-session.js';
import { leaseLost } from './lease-lost.js';
import { LookAhead } from './look-ahead.js';
import type { FailOptions, LoopMarble } from './loop-marble.js';
import type { ResolvedOptions } from './options.js';
import { backoffMs } from './retry.js';
import { Taker, type Leased } from './taker.js';
import type { Processing, Telemetry } from './telemetry.js';

export class Loop {
  readonly #taker: Taker;
  readonly #cancels: Cancels;
  readonly #leased: Leased | undefined;
  #inHand: InHand | undefined;
  #isWaiting = false;
  #hasWarned = false;
  #isClosed = false;

  /** Takes a session, or none for an unmonitored loop. */
  constructor(
    communicator: Communicator,
    private readonly session: HolderSession | undefined,
    private readonly options: ResolvedOptions,
    private readonly telemetry: Telemetry | undefined,
  ) {
    this.#cancels = new Cancels(communicator, options.heartbeatMs, {
      isNeeded: () => this.#inHand?.held.envelope.member !== undefined,
      found: () => this.#tellCancelled(),
    });
    this.#leased = session && { session, ahead: new LookAhead(session, options) };
    this.#taker = new Taker(communicator, this.#leased, this.#cancels, options);
  }

  get inHand(): InHand | undefined {
    return this.#inHand;
  }

  /** The envelope of the marble in hand. */
  get envelope(): Envelope | undefined {
    return this.#inHand?.held.envelope;
  }

  /**
   * Waits for the next marble and takes it in hand. Returns its data; undefined when the time is over. One that was taken
   * ahead is there at once.
   */
  take(queues: string[], timeoutMs: number, signal: AbortSignal | undefined): unknown {
    this.#mustBeOpen();
    if (this.#isWaiting)
      throw new MarbleRunError(
        'MR_BUSY',
        'wait: another wait of this Marble is under way; use work() for many at a time',
      );
    const ahead = this.#inHand || signal?.aborted ? undefined : this.#leased?.ahead.atOnce(queues);
    return ahead ? this.#takeInHand(ahead) : this.#takeNext(queues, timeoutMs, signal);
  }

  async #takeNext(queues: string[], timeoutMs: number, signal: AbortSignal | undefined): Promise<unknown> {
    this.#isWaiting = true;
    try {
      const abandoned = this.#abandon();
      const held = await this.#taker.take(queues, { timeoutMs, signal, abandoned, closed: () => this.#isClosed });
      return held && this.#takeInHand(held);
    } finally {
      this.#isWaiting = false;
    }
  }

  /** Returns the data of the marble. */
  #takeInHand(held: Held): unknown {
    const processing = this.telemetry?.processing(held.queue, held.envelope);
    this.#inHand = new InHand(held, processing);
    return dataOf(held, this.options.codec);
  }

  /**
   * Loops over marbles until `close`, or until the signal is aborted. On an abort the loop gives back the marble in
   * hand; `close` does so itself.
   */
  async *each(queues: string[], signal: AbortSignal | undefined): AsyncGenerator<LoopMarble, void, undefined> {
    for (;;) {
      if (signal?.aborted) return this.#giveBack();
      let data: unknown;
      try {
        data = await this.take(queues, Infinity, signal);
      } catch (error) {
        if (this.#isOver(error, signal)) return;
        await this.#skip(error);
        continue;
      }
      const inHand = this.#inHand!;
      yield new HeldInLoop(inHand, data, {
        finish: () => this.finish(inHand),
        fail: (error, options) => this.fail(error, options, inHand),
      });
    }
  }

  async finish(which = this.#inHand): Promise<void> {
    const { held, outputs, processing } = this.#putDown(which);
    if (!this.#leased) return processing?.end('finished');
    const { session, ahead } = this.#leased;
    session.thaw();
    const finish = [{ held, outputs }];
    const { refused, cancelled } = await ahead.finishing(({ sources, want, isAhead }) =>
      session.swap({ finish, sources, want, isAhead }),
    );
    this.#cancels.note(cancelled);
    mustBeTaken(refused, held, processing);
    processing?.end('finished');
  }

  async fail(error: unknown, options: FailOptions = {}, which = this.#inHand): Promise<void> {
    checkOptions('fail', options, { retryInMs: delay });
    const { held, processing } = this.#putDown(which);
    if (!this.session) throw new MarbleRunError('MR_NOTHING_HELD', 'fail: an unmonitored marble cannot be given back');
    const delayMs = options.retryInMs ?? backoffMs(held.envelope, this.options);
    const refused = await this.session.giveBack([{ held, verdict: 'fail', delayMs, error: describeError(error) }]);
    mustBeTaken(refused, held, processing);
    processing?.end('failed', error);
  }

  #tellCancelled(): void {
    const inHand = this.#inHand;
    if (inHand && this.#cancels.has(inHand.held)) inHand.lose(batchCancelled(inHand.held));
  }

  /** Notes that a holder was given up. */
  lost(holding: Holding): void {
    this.#leased?.ahead.lost(holding);
    this.#taker.lost();
    if (this.#inHand?.held.holder === holding) this.#inHand.lose(leaseLost(this.#inHand.held));
  }

  /** Closes the loop. The session gives back the marble in hand. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancels.stop();
    this.#leased?.ahead.close();
    this.#inHand?.lose(closed());
    this.#inHand = undefined;
    await this.#taker.close();
  }

  #putDown(inHand: InHand | undefined): InHand {
    this.#mustBeOpen();
    if (!inHand || inHand !== this.#inHand)
      throw new MarbleRunError('MR_NOTHING_HELD', 'finish or fail: no marble is held; wait for one first');
    this.#inHand = undefined;
    return inHand;
  }

  /**
   * Abandons the marble that is in hand when the next one is waited for. For an unmonitored marble that is its finish.
   */
  #abandon(): Held | undefined {
    const { held, processing } = this.#inHand ?? {};
    processing?.end(this.session ? 'abandoned' : 'finished');
    this.#inHand = undefined;
    if (!held || !this.session) return undefined;
    if (!this.#hasWarned)
      process.emitWarning(
        `wait: marble ${held.envelope.id} of queue ${held.queue} was not finished: it is abandoned and comes back with its attempt raised; call finish() or fail() first`,
        { type: 'MarbleRunWarning', code: 'MR_ABANDONED' },
      );
    this.#hasWarned = true;
    return held;
  }

  /** Gives the marble back as if it had not been taken. */
  async #giveBack(): Promise<void> {
    const { held, processing } = this.#inHand ?? {};
    this.#inHand = undefined;
    if (!held || !this.session) return;
    await this.session.release([held]);
    processing?.end('abandoned');
  }

  #isOver(error: unknown, signal: AbortSignal | undefined): boolean {
    return this.#isClosed ? isMarbleRunError(error, 'MR_CLOSED') : signal?.aborted === true && error === signal.reason;
  }

  /** Fails a marble that cannot be read, so that the loop goes on. Throws any other error. */
  async #skip(error: unknown): Promise<void> {
    if (!isMarbleRunError(error, 'MR_DATA_UNREADABLE') || !this.session || !this.#inHand) throw error;
    const { id, attempt } = this.#inHand.held.envelope;
    process.emitWarning(`marble ${id} of queue ${this.#inHand.held.queue}, attempt ${attempt + 1}: ${error.message}`, {
      type: 'MarbleRunWarning',
      code: 'MR_WORK',
    });
    await this.fail(error);
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw closed();
  }
}

/** Throws MR_LEASE_LOST where Redis has refused it. */
function mustBeTaken(refused: ReadonlySet<Held>, held: Held, processing: Processing | undefined): void {
  if (!refused.has(held)) return;
  const error = leaseLost(held);
  processing?.end('lost', error);
  throw error;
}

function closed(): MarbleRunError {
  return new MarbleRunError('MR_CLOSED', 'this Marble is closed');
}
