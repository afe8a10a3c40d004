import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { decodeEnvelope } from '../communicator/data/envelope.js';
import { marbleOf, peek, sweep, waiting } from './testing.js';

test('a marble goes from send to finish', async () => {
  const marble = marbleOf();
  const id = await marble.send('a', { n: 1 });
  expect(await waiting('a')).toEqual([{ n: 1 }]);
  expect(await marble.wait('a')).toEqual({ n: 1 });
  expect([marble.id, marble.attempt, marble.queue]).toEqual([id, 1, 'a']);
  expect((await peek.show())[0]).toMatchObject({ depth: 0, held: 1 });
  await marble.finish();
  expect([marble.id, marble.attempt]).toEqual([undefined, undefined]);
  expect((await peek.show())[0]).toMatchObject({ depth: 0, held: 0, counts: { sent: 1, finished: 1 } });
});

test('the loop: what is sent on and expedited comes in its order', async () => {
  const marble = marbleOf();
  await marble.sendMany('test', ['Test Data: 1', 'Test Data: 3', 'Test Data: 4']);
  const seen: unknown[] = [];
  for (let n = 0; n < 5; n++) {
    const data = await marble.wait('test');
    seen.push(data);
    if (data === 'Test Data: 1') await marble.elevate('test', 'higher');
    if (data === 'Test Data: 3') {
      await marble.send('test', 'back');
      await marble.expedite('test', 'front');
    }
    await marble.finish();
  }
  expect(seen).toEqual(['Test Data: 1', 'Test Data: 3', 'front', 'Test Data: 4', 'back']);
  expect(await peek.status.outboxes()).toMatchObject([{ queue: 'test', depth: 1 }]);
});

test('a wait that began before the send ends with it', async () => {
  const [waiter, sender] = [marbleOf(), marbleOf()];
  const wait = waiter.wait('a');
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  await sender.send('a', 'came');
  expect(await wait).toBe('came');
  await waiter.finish();
});

test('a wait of several queues takes in strict order, from later ones too', async () => {
  const marble = marbleOf({ pollMs: 10 });
  await marble.send('low', 1);
  await marble.send('high', 2);
  expect(await marble.wait(['high', 'low'])).toBe(2);
  await marble.finish();
  expect(await marble.wait(['high', 'low'])).toBe(1);
  await marble.finish();
  const wait = marble.wait(['high', 'low']);
  await marbleOf().send('low', 3);
  expect(await wait).toBe(3);
  expect(marble.queue).toBe('low');
});

test('wait gives up after its time, check at once, an aborted wait throws its reason and takes nothing', async () => {
  const marble = marbleOf();
  expect(await marble.wait('a', { timeoutMs: 20 })).toBeUndefined();
  expect(await marble.check('a')).toBeUndefined();
  const reason = new Error('enough');
  const abort = new AbortController();
  const wait = marble.wait('a', { signal: abort.signal });
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  abort.abort(reason);
  await expect(wait).rejects.toBe(reason);
  await marble.send('a', 1);
  await expect(marble.wait('a', { signal: abort.signal })).rejects.toBe(reason);
  expect(await waiting('a')).toEqual([1]);
});

test('waiting again without finish abandons the marble: the sweep brings it back with its attempt raised', async () => {
  const marble = marbleOf();
  await marble.send('a', 1);
  await marble.wait('a');
  expect(await marble.check('a')).toBeUndefined();
  expect(await sweep()).toMatchObject({ returned: 1 });
  expect(await marble.wait('a')).toBe(1);
  expect(marble.attempt).toBe(2);
});

test.each([true, false])('monitored %s: a wait that is aborted while it begins ends at once', async (monitored) => {
  for (let i = 0; i < 40; i++) {
    const marble = marbleOf({ monitored });
    const abort = new AbortController();
    const wait = marble.wait('a', { signal: abort.signal }).catch((error: unknown) => error);
    await sleep(i / 4);
    abort.abort('enough');
    expect(await Promise.race([wait, sleep(5000, 'waits on')])).toBe('enough');
    await marble.close();
  }
});

test('unmonitored: taken is gone', async () => {
  const marble = marbleOf({ monitored: false });
  await marble.send('a', 1);
  expect(await marble.wait('a')).toBe(1);
  expect(await peek.status.holderCount()).toBe(0);
  expect((await peek.show())[0]).toMatchObject({ depth: 0, held: 0, counts: { taken: 1, finished: 1 } });
  await marble.finish();
  const wait = marble.wait('a');
  await marbleOf().send('a', 2);
  expect(await wait).toBe(2);
});

test('atomic: what is sent appears with finish, and not before', async () => {
  const marble = marbleOf({ atomic: true });
  await marble.send('a', 1);
  await marble.wait('a');
  await marble.send('b', 'x');
  await marble.expedite('b', 'y');
  expect(await waiting('b')).toEqual([]);
  await marble.finish();
  expect(await waiting('b')).toEqual(['y', 'x']);
});

test('a finish after the lease was lost throws, and routes nothing', async () => {
  const marble = marbleOf({ atomic: true });
  await marble.send('a', 1);
  await marble.wait('a');
  const signal = marble.signal!;
  await marble.send('b', 'x');
  const [holder] = await peek.status.holders();
  await until('it was given up', async () => {
    await peek.recovery.endLease(holder!.holder); // a heartbeat may come between
    return (await sweep()).returned === 1;
  });
  await expect(marble.finish()).rejects.toMatchObject({ code: 'MR_LEASE_LOST' });
  expect([await waiting('a'), await waiting('b')]).toEqual([[1], []]);
  expect(await marble.wait('a')).toBe(1); // and the client goes on as a new holder
  expect(marble.attempt).toBe(2);
  await marble.finish();
  expect(signal.aborted).toBe(false); // nobody told this marble: it was finished by then
});

test('a failed marble comes back after its backoff, with its attempt raised; dead after maxAttempts', async () => {
  const marble = marbleOf({ maxAttempts: 2 });
  await marble.send('a', 1);
  await marble.wait('a');
  await marble.fail(new TypeError('first'), { retryInMs: 5 });
  await until('it is due', async () => (await peek.recovery.promote()).moved === 1);
  await marble.wait('a');
  expect(marble.attempt).toBe(2);
  await marble.fail(new TypeError('second'));
  expect(await waiting('a')).toEqual([]);
  expect(await peek.deadLetters.list()).toMatchObject([
    { queue: 'a', reason: { why: 'failed', attempts: 2, error: { name: 'TypeError', message: 'second' } } },
  ]);
});

test('a delayed marble is not handed out before its time', async () => {
  const marble = marbleOf();
  await marble.send('a', 'later', { delayMs: 50 });
  await marble.send('a', 'now');
  expect([await waiting('a'), await peek.status.laterCount()]).toEqual([['now'], 1]);
  await until('it is due', async () => (await peek.recovery.promote()).moved === 1);
  expect(await waiting('a')).toEqual(['now', 'later']);
});

test('maxAttempts of a marble outweighs that of the worker', async () => {
  const marble = marbleOf({ maxAttempts: 5 });
  await marble.send('a', 1, { maxAttempts: 1 });
  await marble.wait('a');
  await marble.fail('no');
  expect(await peek.deadLetters.count()).toBe(1);
});

test('batch goes on to what is sent while a marble of it is in hand', async () => {
  const marble = marbleOf();
  await marble.send('a', 1, { batch: 'night' });
  await marble.wait('a');
  await marble.send('b', 2);
  await marble.finish();
  await marble.send('b', 3);
  expect((await peek.dump('b')).map(({ batch }) => batch)).toEqual(['night', undefined]);
});

test('sendMany streams in order, any number, from any iterable; what came before a bad item is sent', async () => {
  const marble = marbleOf();
  async function* numbers(n: number) {
    for (let i = 0; i < n; i++) yield await Promise.resolve(i);
  }
  expect(await marble.sendMany('a', numbers(2500))).toBe(2500);
  const all = (await peek.dump('a', 0, 3000)).map(({ data }) => Number(data.toString()));
  expect(all).toEqual(Array.from({ length: 2500 }, (_, i) => i));
  await expect(marble.sendMany('b', [1, 2, 10n])).rejects.toMatchObject({ code: 'MR_DATA_UNENCODABLE' });
  expect(await waiting('b')).toEqual([1, 2]);
});

test('buffers pass unchanged, a codec takes over what it is given', async () => {
  const marble = marbleOf();
  const bytes = Buffer.from([0, 255, 10]);
  await marble.send('a', bytes);
  expect(await marble.wait('a')).toEqual(bytes);
  await marble.finish();
  const codec = {
    encode: (data: unknown) => Buffer.from(String(data)).reverse(),
    decode: (data: Buffer) => Buffer.from(data).reverse().toString(),
  };
  const coded = marbleOf({ codec });
  await coded.send('a', 'abc');
  expect((await peek.dump('a'))[0]!.data.toString()).toBe('cba');
  expect(await coded.wait('a')).toBe('abc');
});

test('what this worker reports is shown with its holder', async () => {
  const marble = marbleOf();
  await marble.send('a', 1);
  await marble.wait('a');
  await marble.report('halfway');
  expect((await peek.status.holders())[0]!.about).toMatchObject({ report: 'halfway', pid: String(process.pid) });
});

test('close gives back what is held, and leaves nothing', async () => {
  const marble = marbleOf();
  await marble.send('a', 1);
  await marble.wait('a');
  await marble.close();
  await marble.close();
  expect([await waiting('a'), await peek.status.holderCount()]).toEqual([[1], 0]);
  expect((await peek.dump('a'))[0]!.attempt).toBe(0);
});

test('close ends a wait that is under way', async () => {
  const marble = marbleOf();
  const wait = marble.wait('a');
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  const closed = marble.close();
  await expect(wait).rejects.toMatchObject({ code: 'MR_CLOSED' });
  await closed;
});

test('an expedited elevation waits at the front of its outbox, and is no option of another send', async () => {
  const marble = marbleOf();
  await marble.elevate('a', 'first');
  await marble.elevate('a', 'urgent', { expedite: true });
  const source = peek.laneSource('up');
  const batch = await source.lift(['a'], { marbles: 10, bytes: 1000 });
  expect(batch?.entries.map(({ envelope }) => decodeEnvelope(envelope).data.toString())).toEqual([
    '"urgent"',
    '"first"',
  ]);
  await expect(marble.send('a', 1, { expedite: true })).rejects.toMatchObject({ code: 'MR_BAD_OPTION' });
  await expect(marble.elevate('a', 1, { expedite: 1 } as never)).rejects.toMatchObject({ code: 'MR_BAD_OPTION' });
});
