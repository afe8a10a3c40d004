/**
 * Handles marbles in one way, and tells how much memory is in use when a quarter of them is done, and three quarters.
 * There is a backlog at both times. What is under way differs from one moment to the next, by up to 1 MB: each figure
 * is the smallest of several collections, a few marbles apart.
 *
 * Arguments: the way, and how many marbles. Lines: bytes of the heap and of buffers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startElevator } from '@marblerun/elevator';
import { Marble, type WorkOptions } from 'marblerun';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const [way = '', count = '0'] = process.argv.slice(2);
const marbles = Number(count);
const DATA = 'x'.repeat(100);
const [redis, run] = [process.env['MARBLERUN_REDIS']!, process.env['MARBLERUN_RUN']!];
const marble = new Marble({ redis, run });

const COLLECTIONS = 10;
const APART = Math.floor(marbles / 200);

let done = 0;
let least = Infinity;
function tick(): void {
  done++;
  const past = (done % Math.floor(marbles / 2)) - Math.floor(marbles / 4);
  if (past < 0 || past >= COLLECTIONS * APART || past % APART !== 0) return;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  least = Math.min(least, heapUsed + arrayBuffers);
  if (past !== (COLLECTIONS - 1) * APART) return;
  console.log(least);
  least = Infinity;
}

const fill = (queue: string, data = DATA) => marble.sendMany(queue, Array<string>(marbles).fill(data));

async function handled(queues: string[], send = false, options: WorkOptions = {}): Promise<void> {
  await new Promise<void>((resolve) => {
    const handler = async (_: unknown, held: { send(queue: string, data: unknown): void }) => {
      await sleep(1);
      if (send) held.send('out', DATA);
      tick();
      if (done === marbles) resolve();
    };
    marble.work(queues, handler, { concurrency: 50, ...options });
  });
}

async function sent(senders: number): Promise<void> {
  const sender = async () => {
    for (let n = 0; n < marbles / senders; n++) {
      await marble.send('out', DATA);
      tick();
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
}

async function looped(): Promise<void> {
  await fill('in');
  while (done < marbles) {
    await marble.wait('in');
    await marble.finish();
    tick();
  }
}

/** Elevates them, and takes them at the upper run of a lane that goes from here to there. */
async function carried(): Promise<void> {
  const runs = { lower: { redis, run }, upper: { redis, run: `${run}-upper` } };
  const lanes = [{ name: 'up', from: 'lower', to: 'upper' }];
  const elevator = await startElevator({ runs, lanes, logLevel: 'silent' });
  const upper = new Marble({ redis, run: `${run}-upper` });
  for (let n = 0; n < marbles; n += 500)
    await Promise.all(Array.from({ length: 500 }, () => marble.elevate('in', DATA)));
  while (done < marbles) {
    await upper.wait('in');
    await upper.finish();
    tick();
  }
  await Promise.all([elevator.stop(), upper.close()]);
}

const WAYS: Record<string, () => Promise<unknown>> = {
  loop: looped,
  'sends, one at a time': () => sent(1),
  'sends, 50 at a time': () => sent(50),
  handler: () => fill('in').then(() => handled(['in'])),
  'handler that sends': () => fill('in').then(() => handled(['in'], true)),
  'handler with a time limit': () => fill('in').then(() => handled(['in'], false, { timeLimitMs: 10_000 })),
  'several queues': () => fill('in').then(() => handled(['first', 'in'])),
  'members of a batch': async () => {
    await (await marble.batch('all')).sendMany('in', Array<string>(marbles).fill(DATA));
    await handled(['in']);
  },
  'large data': () => fill('in', DATA.repeat(100)).then(() => handled(['in'])),
  lane: carried,
};

await WAYS[way]!();
await marble.close();
