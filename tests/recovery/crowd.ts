/**
 * Many processes in one, as Redis sees it: `crowd <redis> <run> <processes> <holders of each> <marbles of each holder> <beat, ms>
 * [waits]`. Each has a heart with a connection of its own; with `waits` each holder waits for a marble on one of its own.
 * Says `ready`, and beats until it is killed.
 */
import { holdersOf } from '@marblerun/internal';
import { Communicator, newId } from 'marblerun/communicator';

const [redis = '', run = '', ...rest] = process.argv.slice(2);
const [processes = 1, holders = 1, marbles = 0, beatMs = 5000] = rest.slice(0, 4).map(Number);
const waits = rest[4] === 'waits';
const BLOCK_MS = 300_000;
const LEASE_MS = 15_000;
const bus = new Communicator({ redis, run });
const waiting = holdersOf(bus).waitingConnection(BLOCK_MS);

async function enter(heart: string): Promise<string> {
  const options = { leaseMs: LEASE_MS, timeLimitMs: 0, maxAttempts: 5, takesAhead: true, description: { heart } };
  const holding = holdersOf(bus).holding(waits ? holdersOf(bus).waitingConnection(BLOCK_MS) : waiting, options);
  await holding.enter();
  if (marbles > 0) await holding.swap({ sources: ['in'], want: marbles });
  if (waits) {
    await holding.swap({ waitOn: 'idle' });
    void holding.block('idle', 3_600_000, BLOCK_MS);
  }
  return holding.id;
}

async function begin(): Promise<void> {
  const heart = { id: newId(), goneMs: 1000 };
  const own = new Communicator({ redis, run });
  const ids: string[] = [];
  for (let i = 0; i < holders; i++) ids.push(await enter(heart.id));
  const beat = () =>
    Promise.all([
      own.hearts.pulse(heart),
      holdersOf(own).beat(
        ids.map((id) => ({ id, leaseMs: LEASE_MS })),
        '',
      ),
    ]);
  await beat();
  setTimeout(() => setInterval(() => void beat(), beatMs), Math.random() * beatMs);
}

for (let i = 0; i < processes; i++) await begin();
console.log('ready');
