/** Marbles carried by an Elevator from one Redis to another, over a link with a round trip of its own. */
import { fileURLToPath } from 'node:url';
import { Program, RedisServer, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { keysOf } from '@marblerun/internal';
import { Communicator, encodeEnvelope, newId, type Output } from 'marblerun/communicator';
import { QUEUE } from '../contestants/contestant.js';
import { delayProxy } from '../delay-proxy.js';
import type { Workload } from './workload.js';

const ELEVATOR = fileURLToPath(new URL('../../../services/elevator/dist/main.js', import.meta.url));

export function elevate(name: string, marbles: number, roundTripMs: number): Workload {
  return {
    name,
    contestants: ['MarbleRun'],
    mostRounds: 3,
    async measure(lab) {
      const upper = await RedisServer.start();
      const hub = new Redis(upper.url);
      const proxy = roundTripMs > 0 ? await delayProxy(upper.url, roundTripMs) : undefined;
      await fill(lab.url, marbles);
      const elevator = new Program(ELEVATOR, {
        env: environment(lab.url, proxy?.url ?? upper.url),
      });
      try {
        const landed = () => hub.llen(keysOf('hub').queue(QUEUE));
        const first = await until('marbles land', landed, { everyMs: 5 });
        const started = performance.now();
        const all = async () => (await landed()) === marbles;
        await until('all have landed', all, { everyMs: 5, deadlineMs: 120_000 });
        return { perSecond: ((marbles - first) / (performance.now() - started)) * 1000 };
      } finally {
        await elevator.kill();
        proxy?.close();
        hub.disconnect();
        await upper.stop();
      }
    },
  };
}

function environment(lower: string, upper: string): Record<string, string> {
  const runs = { spoke: { redis: lower }, hub: { redis: upper } };
  const lanes = [{ name: 'up', from: 'spoke', to: 'hub' }];
  return { MARBLERUN_LANES: JSON.stringify({ runs, lanes }), MARBLERUN_PORT: '0', MARBLERUN_LOG_LEVEL: 'warn' };
}

async function fill(url: string, marbles: number): Promise<void> {
  const spoke = new Communicator({ redis: url, run: 'spoke' });
  for (let from = 0; from < marbles; from += 1000) {
    const outputs = Array.from({ length: Math.min(1000, marbles - from) }, (_, i): Output => {
      const header = { id: newId(), attempt: 0, sentAt: Date.now(), type: 'j' } as const;
      return {
        kind: 'up',
        queue: QUEUE,
        envelope: encodeEnvelope(header, JSON.stringify({ n: from + i, text: TEXT })),
      };
    });
    await spoke.push(outputs);
  }
  await spoke.close();
}

const TEXT = 'marble '.repeat(10);
