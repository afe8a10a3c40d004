/**
 * Batches whose run was changed by hand, and runs of several versions: counts never lead below 0, `then` is sent once, and
 * what cannot be right any more is told.
 */
import { expect, test } from '@jest/globals';
import { redisCli, until } from '@marblerun/test-support';
import { LAYOUT_VERSION, BATCHES_LAYOUT, keysOf } from '../communicator/redis/keys.js';
import { fired, marble, noMore, open, then } from './batch-testing.js';
import { bus, marbleOf, peek } from './testing.js';

const keys = () => keysOf(peek.run);
const redis = (...command: string[]) => redisCli(Number(new URL(bus.redis).port), ...command);

test('a copy of a member ends as well: that is told as surplus, and then is sent once', async () => {
  const batch = await open({ then });
  await batch.send('a', 1);
  await redis('COPY', keys().queue('a'), keys().queue('b'));
  await redis('ZADD', keys().queues, '1', 'b');
  expect(await batch.progress()).toMatchObject({ sent: 1, left: 1, surplus: 0 });
  await batch.seal();
  const works = [marble.work('a', () => undefined), marble.work('b', () => undefined)];
  await until('both have ended', async () => (await batch.progress()).surplus === 1);
  await Promise.all(works.map((worker) => worker.stop()));
  expect(await batch.progress()).toMatchObject({ sent: 1, left: 0, finished: 1, surplus: 1, done: true });
  expect(await noMore()).toBe(1);
});

test('a member that was deleted stays left, until a person has counted it as gone', async () => {
  const batch = await open({ then });
  await batch.sendMany('a', [1, 2]);
  await batch.seal();
  await redis('RPOP', keys().queue('a'));
  const worker = marble.work('a', () => undefined);
  await until('the other is finished', async () => (await batch.progress()).finished === 1);
  await worker.stop();
  expect(await batch.progress()).toMatchObject({ left: 1, done: false });
  await redis('HINCRBY', keys().batches, `${batch.id} gone`, '1');
  await redis('HINCRBY', keys().batches, `${batch.id} left`, '-1');
  expect(await batch.done()).toMatchObject({ left: 0, finished: 1, gone: 1 });
  await fired();
});

test('the first batch of a run raises its layout, by which clients of a version without batches are refused', async () => {
  await marble.send('a', 1);
  await redis('SET', keys().layout, LAYOUT_VERSION);
  await open();
  expect(await redis('GET', keys().layout)).toBe(BATCHES_LAYOUT);
  const later = marbleOf({});
  await later.send('a', 2); // this version knows both
  expect(await peek.dump('a')).toHaveLength(2);
});
