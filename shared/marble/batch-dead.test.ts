/** Batches whose marbles die, and batches that are cancelled: the table "What happens if" of docs/BATCHES.md. */
import { expect, test } from '@jest/globals';
import { redisCli, sharedRedis, until } from '@marblerun/test-support';
import { keysOf } from '../communicator/redis/keys.js';
import { depth, fired, marble, newName, noMore, open, takenBack, then, withDead } from './batch-testing.js';
import { bus, peek } from './testing.js';

test('onDead `wait`: complete when a person has settled the dead; requeued ones are worked on again', async () => {
  const batch = await withDead({}, 3);
  await marble.wait('good');
  await marble.finish();
  expect(await batch.progress()).toMatchObject({ left: 0, dead: 3, done: false, failedAttempts: 3 });
  expect(await batch.failures()).toMatchObject([{ queue: 'bad', why: 'failed', error: 'no page #', count: 3 }]);
  expect(await batch.retryDead()).toBe(3);
  await until('they died again', async () => (await batch.progress()).failedAttempts === 6);
  expect(await noMore()).toBe(0);
  await peek.deadLetters.removeAll('bad');
  expect(await batch.done()).toMatchObject({ gone: 3, dead: 0, finished: 1 });
  await fired();
});

test('onDead `wait`: the retention of the dead settles them too', async () => {
  const batch = await withDead({});
  await marble.wait('good');
  await marble.finish();
  await peek.deadLetters.expire(0, 1);
  expect(await batch.done()).toMatchObject({ gone: 1, dead: 0 });
});

test('onDead `continue`: complete with its dead; one that is requeued opens it again, and `then` comes again only if asked', async () => {
  const batch = await withDead({ onDead: 'continue' });
  await marble.wait('good');
  await marble.finish();
  expect(await batch.done()).toMatchObject({ dead: 1, finished: 1 });
  await fired();
  await batch.retryDead();
  await until('it is complete again', async () => {
    const { done, failedAttempts } = await batch.progress();
    return done && failedAttempts === 2;
  });
  expect(await noMore()).toBe(1);
  await batch.retryDead({ then: true });
  await until('then is sent again', async () => (await depth('then')) === 2);
  expect((await peek.dump('then')).map(({ id }) => id)).toEqual([`${batch.id}.then`, `${batch.id}.then`]);
});

test.each([
  ['onDead `cancel`', { onDead: 'cancel' as const }],
  ['more than maxDead', { maxDead: 0 }],
  ['more than a share', { maxDead: '40%' as const }],
])('%s: the batch is cancelled, what is left of it dropped', async (_, options) => {
  const batch = await withDead(options);
  const worked: unknown[] = [];
  marble.work('good', (data) => void worked.push(data));
  expect(await batch.done()).toMatchObject({ dead: 1, left: 0 });
  expect((await batch.progress()).cancelReason).toMatch(/dead/);
  expect(await depth('good')).toBe(0);
});

test('a finish that sends its member on to a queue that cannot be: that one is dead, and the batch counts both', async () => {
  const batch = await open({ onDead: 'continue', then });
  await batch.sendMany('good', [1, 2, 3]);
  await redisCli(['-u', sharedRedis()], 'SET', keysOf(bus.run).queue('broken'), 'no list');
  marble.work('good', (data, held) => {
    if (data === 1) held.send('broken', 'lost');
  });
  await until('all are over', async () => (await batch.progress()).left === 0);
  await batch.seal();
  expect(await batch.done()).toMatchObject({ sent: 4, finished: 3, dead: 1, left: 0, surplus: 0 });
  await fired();
});

test('cancelled: what runs gets its signal within a heartbeat, what waits is dropped, also delayed, and in batches in it', async () => {
  const batch = await open({ then });
  const inner = await batch.batch(newName());
  await batch.send('slow', 1);
  await batch.sendMany('slow', [2, 3]);
  await inner.send('slow', 4);
  await inner.send('slow', 5, { delayMs: 3_600_000 });
  let told: unknown;
  let begun = 0;
  marble.work('slow', async (_, { signal }) => {
    begun++;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        told = signal.reason;
        resolve();
      });
    });
  });
  await until('the first runs', () => begun === 1);
  await batch.cancel('not wanted');
  const report = await batch.done();
  expect(told).toMatchObject({ code: 'MR_BATCH_CANCELLED' });
  expect(begun).toBe(1);
  expect(report).toMatchObject({ left: 0, cancelled: 2, finished: 2, cancelReason: 'not wanted' });
  expect(await inner.progress()).toMatchObject({ done: true, cancelled: 2, left: 0 });
  await expect(batch.retryDead()).rejects.toMatchObject({ code: 'MR_BATCH_CLOSED' });
  await fired();
});

test('a marble whose worker fell silent once too often is a dead one of its batch', async () => {
  const batch = await open({ then });
  await batch.send('a', 1);
  await batch.seal();
  await marble.wait('a');
  await takenBack();
  expect(await batch.progress()).toMatchObject({ left: 0, dead: 1, done: false });
  await peek.deadLetters.removeAll('a');
  expect(await batch.done()).toMatchObject({ gone: 1 });
  await fired();
});

test('a batch in another that is open again opens that one again', async () => {
  const above = await open({ then });
  const inner = await above.batch(newName(), { onDead: 'continue' });
  await inner.send('a', 1);
  await inner.seal();
  await above.seal();
  await marble.wait('a');
  await marble.fail(new Error('no'));
  await above.done();
  await inner.retryDead();
  expect(await inner.progress()).toMatchObject({ done: false, left: 1, dead: 0 });
  expect(await above.progress()).toMatchObject({ done: false, left: 1 });
  await marble.wait('a');
  await marble.finish();
  expect(await above.done()).toMatchObject({ finished: 1, left: 0 });
  await fired();
});
