/**
 * Works one lane: it lifts a transit below, lands it above, and clears it below with the next lift.
 *
 * What may go wrong: anything, between any two steps. Then the same transit is lifted again, and the upper run, which
 * keeps the last number, ignores marbles that it has. Any number of Elevators may work one lane. If the upper run is
 * away or full, the marbles wait below. If an outbox is not a list, that is reported, and the others go on.
 */
import type { Communicator, Entry, LaneSource, LaneTarget, LiftLimits, Transit } from 'marblerun/communicator';
import type { Logger } from '@marblerun/service';
import type { Lane } from './lanes.js';
import type { LaneMetrics } from './lane-metrics.js';
import { Pace } from './pace.js';
import { Turns } from './turns.js';

export interface CarrierOptions {
  readonly lane: Lane;
  readonly lower: Communicator;
  readonly upper: Communicator;
  readonly limits: LiftLimits;
  readonly hopLimit: number;
  readonly metrics: LaneMetrics;
  readonly log: Logger;
}

export interface LaneStatus {
  readonly depth: number;
  readonly lagMs: number;
  /** The queues that wait longest, at most 200. */
  readonly longest: readonly { readonly queue: string; readonly oldestMs: number }[];
  /** Queues that cannot be carried, since the key of their outbox does not hold a list. */
  readonly noList: readonly string[];
}

const MOST_QUEUES = 200;

export class Carrier {
  readonly lane: Lane;
  readonly #source: LaneSource;
  readonly #target: LaneTarget;
  readonly #options: CarrierOptions;
  readonly #turns = new Turns();
  readonly #pace: Pace;
  #arrived: Transit | undefined;
  #noList = '';
  #stopping = false;

  constructor(options: CarrierOptions) {
    this.#options = options;
    this.lane = options.lane;
    this.#source = options.lower.laneSource(options.lane.name);
    this.#target = options.upper.laneTarget();
    this.#pace = new Pace(options.limits);
  }

  /** Carries until nothing waits; `progress` is called for every transit that went. Returns how many marbles arrived. */
  async carry(progress: () => void = () => undefined): Promise<number> {
    let queues = await this.#waiting();
    let carried = 0;
    while (!this.#stopping) {
      const started = performance.now();
      const transit = await this.#lift(queues);
      if (!transit) break;
      const waiting = this.#waiting(); // asked while the transit is on its way, so it costs no time
      waiting.catch(() => undefined);
      carried += await this.#landPaced(transit, started);
      queues = await waiting;
      progress();
    }
    if (this.#arrived) await this.#lift([]); // it stops, and nobody shall land this transit again
    return carried;
  }

  /** Carries no more after the transit under way. */
  stop(): void {
    this.#stopping = true;
  }

  /** The number of bytes at which a transit is full now. */
  get batchBytes(): number {
    return this.#pace.limits.bytes;
  }

  /** Reads the status for metrics; it is bound. Throws where the lower run is away. */
  readonly status = async (): Promise<LaneStatus> => {
    const outboxes = await this.#options.lower.status.outboxes();
    const waiting = outboxes.filter(({ queue }) => this.lane.carries(queue));
    const depth = waiting.reduce((sum, outbox) => sum + outbox.depth, await this.#source.inTransit());
    const longest = waiting.sort((a, b) => b.oldestMs - a.oldestMs).slice(0, MOST_QUEUES);
    return { depth, lagMs: longest[0]?.oldestMs ?? 0, longest, noList: this.#source.noList };
  };

  /** Reaches the lower run, for metrics; it is bound. Throws where the lower run is away. */
  readonly reach = (): Promise<void> => this.#options.lower.connect();

  async #waiting(): Promise<readonly string[]> {
    const waiting = await this.#source.waitingQueues();
    return this.#turns.next(waiting.filter(this.lane.carries));
  }

  async #lift(queues: readonly string[]): Promise<Transit | undefined> {
    const transit = await this.#source.lift(queues, this.#pace.limits, this.#arrived);
    this.#arrived = undefined;
    if (transit) this.#turns.served(new Set(transit.entries.map(({ queue }) => queue)));
    const noList = this.#source.noList.join(', ');
    if (noList !== this.#noList && noList !== '')
      this.#options.log.warn(
        { lane: this.lane.name, queues: noList },
        'the key of an outbox does not hold a list: its queue is not carried',
      );
    this.#noList = noList;
    return transit;
  }

  async #landPaced(transit: Transit, started: number): Promise<number> {
    try {
      const landed = await this.#land(transit);
      this.#pace.went(sizeOf(transit), performance.now() - started);
      return landed;
    } catch (error) {
      this.#pace.failed();
      throw error;
    }
  }

  async #land(transit: Transit): Promise<number> {
    const { metrics, hopLimit, log } = this.#options;
    const { name, from, onward } = this.lane;
    const n = transit.entries.length;
    metrics.marbles.inc({ lane: name, event: 'lifted' }, n);
    const timer = metrics.batchSeconds.startTimer({ lane: name });
    const { landing, knownEpoch, noList } = await this.#target.land(transit, { from: from.run, hopLimit, onward });
    timer();
    if (noList.length > 0)
      log.warn({ lane: name, queues: noList }, 'the key of a queue does not hold a list: the marbles for it are dead');
    if (landing === 'doubt') {
      const goesAgain = await this.#source.newEpoch(transit, knownEpoch);
      const about = { lane: name, epoch: transit.epoch, number: transit.number, knownEpoch };
      if (goesAgain)
        log.warn(
          about,
          'the upper run cannot place this transit: state was lost or rolled back; the transit is sent again',
        );
      else log.debug(about, 'another Elevator has delivered this transit');
      return 0;
    }
    this.#arrived = transit;
    metrics.marbles.inc({ lane: name, event: landing }, n);
    if (landing === 'gap')
      log.warn(
        { lane: name, epoch: transit.epoch, number: transit.number, marbles: n },
        'landed in doubt: state was lost or rolled back',
      );
    return landing === 'duplicate' ? 0 : n;
  }
}

function sizeOf({ entries }: Transit): LiftLimits {
  const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  return { marbles: entries.length, bytes };
}

/** Returns how many bytes an entry has on its way: with its large data. */
function bytesOf({ queue, envelope, data }: Entry): number {
  return queue.length + 1 + envelope.length + (data?.length ?? 0);
}
