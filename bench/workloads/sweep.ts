/** The Monitor's sweep over many held marbles: while their holders live, and when all of them are dropped at once. */
import { holdersOf, keysOf } from '@marblerun/internal';
import { Communicator, encodeEnvelope, newId } from 'marblerun/communicator';
import { QUEUE } from '../contestants/contestant.js';
import type { Lab } from '../lab.js';
import type { Workload } from './workload.js';

const EACH = 1000;
const SLOW_MS = 1;

export function sweep(name: string, held: number): Workload {
  return {
    name,
    contestants: ['MarbleRun'],
    mostRounds: 1,
    async measure(lab) {
      const bus = new Communicator({ redis: lab.url });
      try {
        await hold(bus, held);
        const calmMs = await took(() => bus.recovery.sweep(5));
        const { holders } = keysOf('main');
        for (const holder of await lab.redis.zrange(holders, '0', '-1')) await lab.redis.zadd(holders, 'XX', 1, holder);
        await lab.redis.config('SET', 'slowlog-log-slower-than', SLOW_MS * 1000);
        await lab.redis.slowlog('RESET');
        let returned = 0;
        const ms = await took(async () => (returned = (await bus.recovery.sweep(5)).returned));
        if (returned !== held) throw new Error(`${name}: ${returned} marbles are back`);
        return { calmSweepMs: calmMs, perSecond: (held / ms) * 1000, slowestMs: await slowestMs(lab) };
      } finally {
        await lab.redis.config('SET', 'slowlog-log-slower-than', -1);
        await bus.close();
      }
    },
  };
}

async function hold(bus: Communicator, held: number): Promise<void> {
  const data = JSON.stringify({ text: 'marble '.repeat(12) });
  const waiting = holdersOf(bus).waitingConnection(1000);
  for (let left = held; left > 0; left -= EACH) {
    const header = () => ({ id: newId(), attempt: 0, sentAt: Date.now(), type: 'j' }) as const;
    await bus.push(
      Array.from({ length: EACH }, () => ({ kind: 'back', queue: QUEUE, envelope: encodeEnvelope(header(), data) })),
    );
    const holding = holdersOf(bus).holding(waiting, {
      leaseMs: 3_600_000,
      timeLimitMs: 0,
      maxAttempts: 5,
      description: {},
    });
    await holding.enter();
    await holding.swap({ sources: [QUEUE], want: EACH });
  }
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Taken from Redis's own slow log; at least what it is told to note. */
async function slowestMs(lab: Lab): Promise<number> {
  const slow = (await lab.redis.slowlog('GET', '-1')) as [number, number, ...unknown[]][];
  return Math.max(SLOW_MS, ...slow.map(([, , micros]) => Number(micros) / 1000));
}
