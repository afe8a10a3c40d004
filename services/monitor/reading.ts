/**
 * Reads a run for all who look: sums over all queues, and the most telling queues.
 *
 * Queues are read in steps and only the most telling ones are kept, so memory does not grow with their number.
 */
import {
  EVENTS,
  type Communicator,
  type OutboxStatus,
  type QueueEvent,
  type QueueStatus,
} from 'marblerun/communicator';
import { Greatest } from './greatest.js';
import { MostTelling, OF_QUEUES } from './most-telling.js';
import { readBatches } from './reading-batches.js';

/** The most queues and holders that have metrics of their own. */
export interface MetricLimits {
  readonly metricHolders: number;
  readonly metricQueues: number;
  readonly metricBatches: number;
}

/** The most queues that the page shows where there are very many, however many have metrics. */
export const MOST_SHOWN = 200;

export interface QueueSums {
  readonly queues: number;
  readonly depth: number;
  readonly held: number;
  /** Counts of events. They include queues that were forgotten, so a sum never falls. */
  readonly counts: Readonly<Record<QueueEvent, number>>;
}

export type Reading = Awaited<ReturnType<typeof readRun>>;

export async function readRun(bus: Communicator, { metricHolders, metricQueues, metricBatches }: MetricLimits) {
  const { status, deadLetters } = bus;
  const [queues, batches, outboxes, holders, holderCount, later, dead, memory] = await Promise.all([
    readQueues(bus, Math.max(metricQueues, MOST_SHOWN)),
    readBatches(bus, metricBatches),
    longestWaiting(bus, metricQueues),
    metricHolders > 0 ? status.holders(metricHolders) : [],
    status.holderCount(),
    status.laterCount(),
    deadLetters.count(),
    status.memory(),
  ]);
  return { ...queues, ...batches, outboxes, holders, holderCount, later, dead, memory };
}

async function readQueues(
  { queues }: Communicator,
  most: number,
): Promise<{ sums: QueueSums; telling: readonly QueueStatus[] }> {
  const telling = new MostTelling(most, OF_QUEUES);
  const sums = { queues: 0, depth: 0, held: 0 };
  const counts = { ...(await queues.countsOfForgotten()) };
  for await (const some of queues.queues()) {
    telling.add(some);
    for (const queue of some) {
      sums.queues++;
      sums.depth += queue.depth;
      sums.held += queue.held;
      for (const event of EVENTS) counts[event] += queue.counts[event];
    }
  }
  return { sums: { ...sums, counts }, telling: telling.chosen };
}

/** Lists outboxes; the one whose next marble has waited longest comes first. */
export async function longestWaiting({ queues }: Communicator, most: number): Promise<readonly OutboxStatus[]> {
  const longest = new Greatest<OutboxStatus>(most, ({ oldestMs }) => oldestMs);
  for await (const some of queues.outboxes()) longest.add(some);
  return longest.ranking;
}
