/**
 * A worker for stories: 50 handlers at a time, or CONCURRENCY, do what the data says.
 *
 * Data: `{ n, do }`; do: `finish` (after `ms`); `heed` (until its signal says that the worker stops); `ignore` (for
 * ever); `block` (after a moment, no turn of the event loop for `ms`, then finish); `hoard` (take memory until the
 * process is killed).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Marble } from 'marblerun';

interface Work {
  readonly n: number;
  readonly do: 'finish' | 'heed' | 'ignore' | 'block' | 'hoard';
  readonly ms?: number;
}

const marble = new Marble<{ in: Work; out: number }>({
  leaseMs: Number(process.env['LEASE_MS']),
  goneMs: Number(process.env['GONE_MS'] ?? 1000),
  timeLimitMs: Number(process.env['TIME_LIMIT_MS'] ?? 0),
  heartbeat: process.env['HEARTBEAT'] === 'loop' ? 'loop' : 'thread',
  closeTimeoutMs: Number(process.env['CLOSE_MS'] ?? 30_000),
});
marble.work(
  'in',
  async (work, held) => {
    console.log(`took ${work.n}`);
    if (work.do === 'finish') await sleep(work.ms);
    else if (work.do === 'block') await block(work.ms ?? 0);
    else if (work.do === 'hoard') hoard();
    else
      await new Promise((_resolve, reject) => {
        const heed = () => reject(held.signal.reason as Error);
        if (work.do === 'heed') held.signal.addEventListener('abort', heed);
      });
    held.send('out', work.n);
  },
  {
    concurrency: Number(process.env['CONCURRENCY'] ?? 50),
    drainMs: Number(process.env['DRAIN_MS'] ?? 20_000),
    onError: () => undefined,
  },
);
process.once('SIGTERM', () => {
  console.log('stopping');
  marble.close().then(
    () => process.exit(0),
    (error: unknown) => {
      console.log(String(error));
      process.exit(1);
    },
  );
});

function hoard(): void {
  for (const all: Buffer[] = []; ;) all.push(Buffer.alloc(16_777_216, 1));
}

async function block(ms: number): Promise<void> {
  await sleep(300); // by then the worker has asked for more
  console.log('blocked');
  const end = Date.now() + ms;
  while (Date.now() < end);
  console.log('free');
}
