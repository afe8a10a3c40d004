/**
 * Which queues have metrics of their own where there are too many: the deepest, those whose marbles wait longest, and
 * those of which most fails.
 */
import type { QueueStatus } from 'marblerun/communicator';

const CRITERIA: readonly ((queue: QueueStatus) => number)[] = [
  ({ depth }) => depth,
  ({ oldestMs }) => oldestMs,
  ({ counts }) => counts.failed + counts.dropped + counts.dead,
];

export function mostTelling(queues: readonly QueueStatus[], most: number): readonly QueueStatus[] {
  if (queues.length <= most) return queues;
  const ranked = CRITERIA.map((of) => [...queues].sort((a, b) => of(b) - of(a)));
  const chosen = new Set<QueueStatus>();
  for (let place = 0; place < queues.length; place++)
    for (const ranking of ranked) {
      if (chosen.size >= most) return [...chosen];
      chosen.add(ranking[place]!);
    }
  return [...chosen];
}
