/** Marbles that were taken ahead and have to wait for a slow one are given back, so that others can take them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { marbleOf, peek } from './testing.js';

const status = async () => (await peek.show()).find(({ queue }) => queue === 'a')!;

/** Teaches the worker that its handlers are fast, so that it takes ahead. */
async function warmUp(work: (data: unknown) => unknown, concurrency: number) {
  const marble = marbleOf();
  await marble.sendMany('a', Array(2000).fill('fast'));
  const worker = marble.work('a', work, { concurrency });
  await until('the first are finished', async () => (await status()).counts.finished >= 2000);
  return { marble, worker };
}

test.each([1, 3])(
  'at %i at a time: in order, uncharged, while the slow ones go on',
  async (concurrency) => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const done: unknown[] = [];
    const work = async (data: unknown) => {
      if (data === 'slow') await gate;
      if (data !== 'fast') done.push(data);
    };
    const { marble, worker } = await warmUp(work, concurrency);
    await marble.sendMany('a', [
      ...Array<string>(concurrency).fill('slow'),
      ...Array.from({ length: 100 }, (_, n) => n),
    ]);
    await until('some were taken ahead', async () => (await status()).held > concurrency);
    await until('they are back', async () => (await status()).depth === 100);
    const back = await peek.dump('a', 0, 200);
    expect(back.map(({ data }) => Number(data))).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(back.every(({ attempt, suspicion }) => attempt === 0 && suspicion === undefined)).toBe(true);
    await sleep(600); // longer than anything is kept in hand
    expect(await status()).toMatchObject({ depth: 100, held: concurrency });

    const other = marbleOf();
    other.work('a', work);
    await until('another has done them', () => done.length === 100);
    expect(done).toEqual(Array.from({ length: 100 }, (_, n) => n));
    release();
    await until('the slow ones are done too', () => done.length === 100 + concurrency);
    await worker.stop();
    expect((await status()).counts).toMatchObject({ failed: 0, dropped: 0 });
  },
  60_000,
);
