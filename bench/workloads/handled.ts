/** Every marble that was sent must be handled, and only once: a contestant that is fast because it skips is an error. */
import { until } from '@marblerun/test-support';
import type { Process } from '../process.js';
import { textLength, type Latency } from '../protocol.js';

const DEADLINE_MS = 120_000;
const LOOK_MS = 20;

/** Marbles of numbers from 0 to `n` - 1. */
export interface Sent {
  readonly n: number;
  /** Their size, where it was asked for. */
  readonly bytes?: number;
}

/** Resolves when `n` have been handled: with the time from the first to the last. */
export async function handled(workers: readonly Process[], n: number): Promise<number> {
  const look = () => Promise.all(workers.map((worker) => worker.ask('counted')));
  const seen = await until(
    `${n} marbles are handled`,
    async () => {
      const counts = await look();
      return counts.reduce((sum, count) => sum + count.n, 0) >= n && counts;
    },
    { deadlineMs: DEADLINE_MS, everyMs: LOOK_MS },
  );
  const active = seen.filter((count) => count.n > 0);
  return Math.max(...active.map((count) => count.lastAt)) - Math.min(...active.map((count) => count.firstAt));
}

/** Stops the workers. Throws unless they have handled exactly what was sent. Resolves with the worst of their latencies. */
export async function settled(workers: readonly Process[], ...sents: readonly Sent[]): Promise<Latency> {
  const ends = await Promise.all(workers.map((worker) => worker.ask('stop')));
  const counts = await Promise.all(workers.map((worker) => worker.ask('counted')));
  const expected = { n: 0, sum: 0, text: 0 };
  for (const { n, bytes } of sents) {
    expected.n += n;
    expected.sum += (n * (n - 1)) / 2;
    expected.text += bytes === undefined ? NaN : n * textLength(bytes);
  }
  for (const figure of ['n', 'sum', 'text'] as const) {
    const is = counts.reduce((sum, count) => sum + count[figure], 0);
    const should = expected[figure];
    if (!Number.isNaN(should) && is !== should) throw new Error(`handled: ${figure} ${is}; sent: ${should}`);
  }
  const most = (figure: keyof Latency) => Math.max(...ends.map((latency) => latency[figure]));
  return { p50Us: most('p50Us'), p99Us: most('p99Us'), p999Us: most('p999Us') };
}
