/**
 * Works one lane: lifts a batch below, lands it above, and has it cleared below with the next lift.
 *
 * What may go wrong: anything, between any two steps; then the same batch is lifted again and the
 * upper run, which keeps the last number, ignores what it has. Any number of Elevators may work one
 * lane. The upper run away or full: the marbles wait below.
 */
import type { Batch, Communicator, LaneFoot, LaneHead, LiftLimits } from 'marblerun/communicator';
import type { Logger } from '@marblerun/service';
import type { Lane } from './lanes.js';
import type { LaneMetrics } from './lane-metrics.js';

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
}

export class Carrier {
  readonly lane: Lane;
  readonly #foot: LaneFoot;
  readonly #head: LaneHead;
  readonly #options: CarrierOptions;
  #arrived: Batch | undefined;
  #stopping = false;

  constructor(options: CarrierOptions) {
    this.#options = options;
    this.lane = options.lane;
    this.#foot = options.lower.laneFoot(options.lane.name);
    this.#head = options.upper.laneHead();
  }

  /** Carries until nothing waits. Returns how many marbles arrived. */
  async carry(): Promise<number> {
    const queues = (await this.#foot.waitingQueues()).filter(this.lane.carries);
    let carried = 0;
    while (!this.#stopping) {
      const batch = await this.#foot.lift(queues, this.#options.limits, this.#arrived);
      this.#arrived = undefined;
      if (!batch) break;
      carried += await this.#land(batch);
    }
    if (this.#arrived) await this.#foot.lift([], this.#options.limits, this.#arrived); // stopping: so that nobody lands it again
    this.#arrived = undefined;
    return carried;
  }

  /** After the batch under way, no more. */
  stop(): void {
    this.#stopping = true;
  }

  /** Bound, for metrics. Throws where the lower run is away. */
  readonly status = async (): Promise<LaneStatus> => {
    const waiting = (await this.#options.lower.status.outboxes()).filter(({ queue }) => this.lane.carries(queue));
    const depth = await this.#foot.depth(waiting.map(({ queue }) => queue));
    return { depth, lagMs: Math.max(0, ...waiting.map(({ oldestMs }) => oldestMs)) };
  };

  async #land(batch: Batch): Promise<number> {
    const { metrics, hopLimit, log } = this.#options;
    const { name, from, onward } = this.lane;
    const n = batch.entries.length;
    metrics.marbles.inc({ lane: name, event: 'lifted' }, n);
    const timer = metrics.batchSeconds.startTimer({ lane: name });
    const { landing, knownEpoch } = await this.#head.land(batch, { from: from.run, hopLimit, onward });
    timer();
    if (landing === 'doubt') {
      const renewed = await this.#foot.renew(batch, knownEpoch);
      const about = { lane: name, epoch: batch.epoch, number: batch.number, knownEpoch };
      if (renewed)
        log.warn(about, 'the upper run cannot place this batch: state was lost or rolled back; it goes again');
      else log.debug(about, 'another Elevator has delivered this batch');
      return 0;
    }
    this.#arrived = batch;
    metrics.marbles.inc({ lane: name, event: landing }, n);
    if (landing === 'gap')
      log.warn(
        { lane: name, epoch: batch.epoch, number: batch.number, marbles: n },
        'landed in doubt: state was lost or rolled back',
      );
    return landing === 'duplicate' ? 0 : n;
  }
}
