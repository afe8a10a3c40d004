import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { Progress, ProgressReader } from './progress.js';

/** The state holds the lower 30 bits of a number. */
const BITS = 2 ** 30;

function both() {
  const progress = new Progress();
  return { progress, reader: new ProgressReader(progress.memory) };
}

test('the thread reads what has begun, what was asked last, and what may be in the inbox', () => {
  const { progress, reader } = both();
  expect([reader.isFrozen, progress.nextOp(), progress.nextOp(), progress.nextSeq]).toEqual([false, 1, 2, 1]);
  progress.keepSeqs(10);
  expect([progress.begin(3), progress.begin(2), progress.nextSeq]).toEqual([true, true, 11]);
  progress.mayBeInInbox = true;
  expect(reader.freeze()).toEqual({ begun: 3, op: 2, mayBeInInbox: true });
  progress.mayBeInInbox = false;
  expect(reader.freeze()).toEqual({ begun: 3, op: 2, mayBeInInbox: false });
  expect(reader.isFrozen).toBe(true);
});

test('where nothing has begun yet, all may be given back', () => {
  const { progress, reader } = both();
  progress.keepSeqs(5);
  expect(reader.freeze()).toMatchObject({ begun: 0 });
});

test('once frozen nothing begins that had been asked for by then, and what comes later does', () => {
  const { progress, reader } = both();
  progress.keepSeqs(3);
  expect(progress.begin(1)).toBe(true);
  expect(reader.freeze()).toMatchObject({ begun: 1 });
  expect(progress.begin(2)).toBe(false); // and this ends the freeze
  expect(reader.isFrozen).toBe(false);
  progress.keepSeqs(1);
  expect([progress.begin(3), progress.begin(4)]).toEqual([false, true]);
  expect(reader.freeze()).toMatchObject({ begun: 4 });
});

test('numbers beyond the bits of the state are told as they are', () => {
  const { progress, reader } = both();
  progress.keepSeqs(3 * BITS);
  expect(progress.begin(3 * BITS - 7)).toBe(true);
  progress.keepSeqs(20);
  expect(reader.freeze()).toMatchObject({ begun: 3 * BITS - 7 });
  expect(progress.begin(3 * BITS + 20)).toBe(false);
  progress.keepSeqs(1);
  expect([progress.begin(3 * BITS + 21), reader.freeze()?.begun]).toEqual([true, 3 * BITS + 21]);
});

/** Freezes again and again, and tells what it found each time. */
const FREEZES = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { ProgressReader } = await import(workerData.module);
  const reader = new ProgressReader(workerData.memory);
  const stop = new Int32Array(workerData.stop);
  const found = [];
  while (Atomics.load(stop, 0) === 0) {
    if (!reader.isFrozen) {
      const frozen = reader.freeze();
      if (frozen) found.push(frozen.begun);
    }
  }
  parentPort.postMessage(found);
`;

/** Freezes that the main loop meets. On a busy machine each waits for its turn. */
const REFUSALS = 50;

test('a thread that freezes at any moment never gives back what has begun', async () => {
  const { progress } = both();
  const stop = new SharedArrayBuffer(4);
  const module = new URL('./progress.js', import.meta.url).href;
  const source = new URL(`data:text/javascript,${encodeURIComponent(FREEZES)}`);
  const thread = new Worker(source, { workerData: { module, memory: progress.memory, stop } });
  const answer = new Promise<number[]>((resolve, reject) => thread.once('message', resolve).once('error', reject));
  await new Promise((resolve) => thread.once('online', resolve));
  const begun = new Set<number>();
  let refused = 0;
  const deadline = performance.now() + 40_000;
  for (let seq = 1; refused < REFUSALS && performance.now() < deadline; seq++) {
    progress.keepSeqs(1);
    if (progress.begin(seq)) begun.add(seq);
    else refused++;
  }
  Atomics.store(new Int32Array(stop), 0, 1);
  const frozenAt = await answer;
  await thread.terminate();
  expect(refused).toBe(REFUSALS);
  expect(frozenAt.length).toBeGreaterThan(REFUSALS / 10); // of a freeze that the main loop has ended at once nothing is told
  // The delivery behind the one that had begun is given back by now, so it must not begin, ever.
  for (const seq of frozenAt.filter((one) => one > 0))
    expect([seq, begun.has(seq), begun.has(seq + 1)]).toEqual([seq, true, false]);
});
