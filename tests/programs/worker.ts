/**
 * A worker for stories: it takes marbles of queue `in`, says so, does what the data says, sends to `out`, and finishes.
 *
 * Data: `{ n, do }`; do: `finish`; `hold` (until it is killed); `block` (no turn of the event loop for `ms`, then
 * finish).
 */
import { Marble } from 'marblerun';

interface Work {
  readonly n: number;
  readonly do: 'finish' | 'hold' | 'block';
  readonly ms?: number;
}

const marble = new Marble<{ in: Work; out: number }>({
  leaseMs: Number(process.env['LEASE_MS'] ?? 1500),
  atomic: true,
});
process.once('SIGTERM', () => void marble.close().then(() => process.exit(0)));
for (;;) {
  const work = await marble.wait('in');
  console.log(`took ${work.n} attempt ${marble.attempt}`);
  if (work.do === 'hold' && marble.attempt === 1) await new Promise(() => setInterval(() => undefined, 1000));
  if (work.do === 'block') block(work.ms ?? 0);
  try {
    await marble.send('out', work.n);
    await marble.finish();
    console.log(`finished ${work.n}`);
  } catch (error) {
    console.log(`refused ${work.n} ${(error as { code?: string }).code}`);
  }
}

function block(ms: number): void {
  const end = Date.now() + ms;
  while (Date.now() < end);
}
