/** The life of a batch, through the client: the table "what happens if" of docs/BATCHES.md. */
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { keysOf } from '../communicator/redis/keys.js';
import { depth, fired, marble, newName, noMore, open, takenBack, then, withDead } from './batch-testing.js';
import type { BatchOptions } from './batch-options.js';
import { bus, marbleOf, peek } from './testing.js';

test('a batch of one queue, worked on: `then` is sent once, with the id and the name of the batch', async () => {
  const batch = await open({ then });
  expect(await batch.sendMany('a', [1, 2, 3, 4])).toBe(4);
  await batch.send('a', 5);
  await batch.expedite('a', 0);
  expect(await batch.progress()).toMatchObject({ sent: 6, left: 6, finished: 0, sealed: false, done: false });
  expect(await batch.progress().catch(() => undefined)).toMatchObject({ sent: 6 });
  await batch.seal({ expected: 6 });
  const seen: unknown[] = [];
  marble.work('a', (data) => void seen.push(data));
  const report = await batch.done();
  expect(report).toMatchObject({
    sent: 6,
    left: 0,
    finished: 6,
    dead: 0,
    sealed: true,
    done: true,
    fired: true,
    etaMs: 0,
  });
  expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  await fired();
  expect(await marble.wait('then')).toEqual(then.data);
  expect(marble.id).toBe(`${batch.id}.then`);
  await marble.finish();
  expect(await noMore()).toBe(0);
});

test('what a member sends on is a member, also after the seal, unless told otherwise; `then` waits for it', async () => {
  const batch = await open({ then });
  await batch.send('a', 1);
  await batch.seal();
  const worker = marble.work('a', (_, held) => {
    held.send('b', 2);
    held.send('b', 3, { batch: null });
  });
  await until('both are there', async () => (await depth('b')) === 2);
  await worker.stop();
  expect(await batch.progress()).toMatchObject({ sent: 2, left: 1, finished: 1, done: false });
  expect(await noMore()).toBe(0);
  expect(await marble.wait('b')).toBe(2);
  await marble.send('c', 4); // at once, by the loop form: a member too
  await marble.finish();
  expect(await batch.progress()).toMatchObject({ sent: 3, left: 1 });
  await marble.wait('c');
  await marble.finish();
  expect(await batch.done()).toMatchObject({ sent: 3, finished: 3 });
  await fired();
  expect(await depth('b')).toBe(1);
});

test('an empty batch is complete with its seal, and a second seal changes nothing', async () => {
  const batch = await open({ then });
  await batch.seal();
  await batch.seal();
  expect(await batch.done()).toMatchObject({ sent: 0, left: 0, done: true });
  await fired();
});

test('a batch is joined by its name; settings that differ are named', async () => {
  const first = await open({ then, maxDead: 3 });
  const second = await marble.batch(first.name, { maxDead: 3 });
  expect([first.joined, second.joined, second.id]).toEqual([false, true, first.id]);
  expect((await marble.batch(first.name)).id).toBe(first.id);
  await expect(marble.batch(first.name, { maxDead: '1%', onDead: 'cancel' })).rejects.toThrow(
    `batch ${first.name} already exists with other settings: maxDead is 3, given "1%"; onDead is "wait", given "cancel" (MR_BATCH_OTHER)`,
  );
  await expect(marble.batch(first.name, { then: { queue: 'then', data: 2 } })).rejects.toThrow(
    'the data of then differs',
  );
});

test('nothing is sent from outside to a batch that is sealed, cancelled, complete or unknown', async () => {
  const [sealed, cancelled, complete] = [await open(), await open(), await open()];
  await sealed.send('a', 1);
  await sealed.seal();
  await cancelled.send('a', 1);
  await cancelled.cancel();
  await complete.seal();
  await expect(sealed.send('a', 2)).rejects.toMatchObject({ code: 'MR_BATCH_CLOSED', message: /sealed/ });
  await expect(cancelled.send('a', 2)).rejects.toMatchObject({ code: 'MR_BATCH_CLOSED', message: /cancelled/ });
  await expect(complete.send('a', 2)).rejects.toMatchObject({ code: 'MR_BATCH_CLOSED', message: /complete/ });
  await expect(complete.batch('in it')).rejects.toMatchObject({ code: 'MR_BAD_NAME' });
  await expect(complete.batch(newName())).rejects.toMatchObject({ code: 'MR_BATCH_CLOSED' });
  expect(await depth('a')).toBe(2);
  expect(await cancelled.cancel()).toBe(true);
  expect(await complete.cancel()).toBe(false);
});

test('a send that was refused is refused also for those who are asked with it, and others go', async () => {
  const [closed, opened] = [await open(), await open()];
  await closed.seal();
  const sends = [closed.send('a', 1), opened.send('a', 2), marble.send('a', 3), closed.send('a', 4)];
  const results = await Promise.allSettled(sends);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'rejected']);
  expect(await depth('a')).toBe(2);
});

test('too few were sent: it is not sealed', async () => {
  const batch = await open();
  await batch.send('a', 1);
  await expect(batch.seal({ expected: 2 })).rejects.toMatchObject({ code: 'MR_BATCH_SHORT' });
  expect(await batch.progress()).toMatchObject({ sealed: false });
});

test('nested: the one above is complete when all in it are, and when their `then` was worked on', async () => {
  const above = await open({ then });
  const inner = await Promise.all([1, 2].map(() => above.batch(newName(), { then: { queue: 'joined' } })));
  for (const batch of inner) await batch.send('a', 1);
  for (const batch of inner) await batch.seal();
  await above.seal();
  const worker = marble.work('a', () => undefined);
  for (const batch of inner) expect(await batch.done()).toMatchObject({ finished: 1 });
  await worker.stop();
  await until('both have ended', async () => (await depth('joined')) === 2);
  expect(await above.progress()).toMatchObject({ sent: 4, left: 2, done: false });
  marble.work('joined', () => undefined);
  expect(await above.done()).toMatchObject({ sent: 4, finished: 4 });
  await fired();
});

test('unmonitored takes finish their members, destroy removes them, transfer leaves them', async () => {
  const batch = await open({ then });
  await batch.sendMany('a', [1, 2, 3, 4]);
  await batch.seal();
  const fast = marbleOf({ monitored: false });
  expect(await fast.wait('a')).toBe(1);
  await until('it is booked', async () => (await batch.progress()).left === 3);
  const waiting = fast.wait('b');
  await peek.transfer('a', 'b', 1);
  expect(await waiting).toBe(2);
  await until('it is booked', async () => (await batch.progress()).left === 2);
  await peek.destroy('a');
  expect(await batch.done()).toMatchObject({ finished: 2, gone: 2 });
  await fired();
});

test('a late finish of one that was taken back counts once, and its outputs are no members', async () => {
  const batch = await open({ then });
  await batch.send('a', 1);
  await batch.seal();
  const slow = marbleOf({ atomic: true });
  await slow.wait('a');
  await slow.send('b', 2);
  await takenBack();
  await marble.wait('a');
  await expect(slow.finish()).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
  expect(await batch.progress()).toMatchObject({ sent: 1, left: 1, done: false });
  await marble.finish();
  expect(await batch.done()).toMatchObject({ sent: 1, finished: 1 });
});

test('elevated members are left, unless the batch says that they are done with', async () => {
  const [waits, goesOn] = [await open(), await open({ elevated: 'done' })];
  for (const batch of [waits, goesOn]) {
    await batch.send('a', 1);
    await batch.seal();
  }
  const worker = marble.work('a', (_, held) => void held.elevate('top', 1));
  expect(await goesOn.done()).toMatchObject({ sent: 2, finished: 2 });
  await until('both are done', async () => (await depth('a')) === 0 && worker.idle);
  expect(await waits.progress()).toMatchObject({ sent: 2, left: 1, done: false });
});

test('it is forgotten when it was complete for as long as it is kept; one with dead members stays', async () => {
  const batch = await open({ keepMs: 1 });
  const kept = await withDead({ onDead: 'continue', keepMs: 1 });
  await marble.wait('good');
  await marble.finish();
  await kept.done();
  await batch.seal();
  await batch.done();
  await until(
    'it is forgotten',
    async () => (await peek.batches.tidy()).forgotten === 0 && !(await peek.batches.idOf(batch.name)),
  );
  await expect(batch.progress()).rejects.toMatchObject({ code: 'MR_NOT_FOUND' });
  expect(await kept.progress()).toMatchObject({ done: true, dead: 1 });
  await peek.deadLetters.removeAll();
});

test('progress as a loop ends when the batch is complete; all batches are listed', async () => {
  const batch = await open();
  await batch.send('a', 1);
  await batch.seal();
  const seen: number[] = [];
  for await (const { left } of batch.progress({ everyMs: 10 })) {
    if (seen.push(left) === 1) {
      await marble.wait('a');
      await marble.finish();
    }
  }
  expect([seen[0], seen.at(-1)]).toEqual([1, 0]);
  const listed = await marble.batches({ limit: 1000 });
  expect(listed.find(({ id }) => id === batch.id)).toMatchObject({ name: batch.name, done: true });
});

test('a seal that Redis has forgotten is asked for again by who waits', async () => {
  const batch = await open();
  await batch.seal();
  const { batches } = keysOf(bus.run);
  const redis = new Redis(bus.redis);
  await redis.hdel(batches, `${batch.id} sealed`, `${batch.id} done`);
  await redis.hset(batches, `${batch.id} left`, 1);
  expect(await batch.done()).toMatchObject({ done: true, sealed: true });
  redis.disconnect();
});

test('bad input is named', async () => {
  const bad = (options: object) => expect(marble.batch('x', options as BatchOptions)).rejects;
  await bad({ onDead: 'stop' }).toThrow(
    'batch.onDead: "stop" is not allowed; allowed: "wait" or "continue" or "cancel"',
  );
  await bad({ maxDead: '101%' }).toThrow('batch.maxDead: "101%" is not allowed');
  await bad({ keepMs: 0 }).toThrow('batch.keepMs: 0 is not allowed');
  await bad({ then: 'queue' }).toThrow('batch.then: "queue" is not allowed; allowed: { queue, data }');
  await bad({ then: { queue: 'a b' } }).toThrow('batch.then.queue');
  await bad({ onded: 'wait' }).toThrow('did you mean "onDead"?');
  await expect(marble.batch('a b')).rejects.toMatchObject({ code: 'MR_BAD_NAME' });
  const batch = await open();
  await expect(batch.seal({ expected: -1 })).rejects.toMatchObject({ code: 'MR_BAD_OPTION' });
  expect(() => batch.progress({ everyMs: 1 })).toThrow('progress.everyMs');
  await expect(batch.done({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});
