import { describe, expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { bus, countsOf, holder, keys, output, redis, send, swap, take, waiting } from '../testing.js';
import type { Held } from '../hold/held.js';
import type { Holding } from '../hold/holding.js';
import { noSweep } from './recovery.js';

const NO_TEXT = Buffer.from([0x71, 0xff, 0xfe]);
const attempts = async () => (await bus.dump('q')).map(({ attempt }) => attempt);
const finish = (...some: Held[]) => ({ finish: some.map((held) => ({ held, outputs: [] })) });

/** A holder that has taken these, of which there is nothing else. */
async function holds(...ids: string[]): Promise<Holding> {
  await send('q', ...ids);
  const holding = await holder({ leaseMs: 3_600_000, maxAttempts: 5 });
  await take(holding, ids.length);
  return holding;
}

test('a silent holder is swept: to the front, in their order, attempt raised; it is then forgotten', async () => {
  await send('q', 'm1', 'm2', 'm3', 'm4');
  const holding = await holder();
  const taken = await take(holding, 3);
  expect(await bus.recovery.sweep(3)).toMatchObject({ returned: 0, silent: 0 });
  expect(await bus.recovery.endLease(holding.id)).toBe(true);
  const swept = await bus.recovery.sweep(3);
  expect(swept).toMatchObject({ returned: 3, dead: 0, silent: 1, recovered: { lease: 3, connection: 0, limit: 0 } });
  expect([await waiting(), await attempts()]).toEqual([
    ['m1', 'm2', 'm3', 'm4'],
    [1, 1, 1, 0],
  ]);
  const late = await holding.swap({ finish: [{ held: taken[0]!, outputs: [output('late', 'b')] }] });
  expect(late).toEqual({ forgotten: true });
  expect(await holding.giveBack([{ held: taken[1]!, verdict: 'fail', delayMs: 0 }])).toEqual({ forgotten: true });
  expect([await waiting(), await waiting('b'), await bus.status.holderCount()]).toEqual([
    ['m1', 'm2', 'm3', 'm4'],
    [],
    0,
  ]);
});

test('the lease of nobody is not ended', async () => {
  expect(await bus.recovery.endLease('nobody')).toBe(false);
  expect(await redis.exists(keys.holders)).toBe(0);
});

test('how late a holder was brought back is told, unless it cannot have been a lease', async () => {
  const [recent, long] = [await holds('m1'), await holds('m2')];
  const now = await bus.status.now();
  await redis.zadd(keys.holders, now - 5000, recent.id, 1, long.id);
  const { lateMs, returned } = await bus.recovery.sweep(3);
  expect([returned, lateMs.length]).toEqual([2, 1]);
  expect(lateMs[0]).toBeGreaterThanOrEqual(5000);
  expect(lateMs[0]).toBeLessThan(65_000);
});

test('what is dropped too often is dead, with its reason', async () => {
  await send('q', 'poison');
  for (let attempt = 1; attempt <= 2; attempt++) {
    const holding = await holder({ maxAttempts: 2 });
    expect(await take(holding, 1)).toHaveLength(1);
    await bus.recovery.endLease(holding.id);
    await bus.recovery.sweep(9);
  }
  expect(await waiting()).toEqual([]);
  const [letter] = await bus.deadLetters.list();
  expect(letter).toMatchObject({ queue: 'q', reason: { why: 'dropped', attempts: 2 } });
  expect(letter!.envelope!.attempt).toBe(2);
});

test('the attempts of a marble whose holder did not say are those that the sweep is given', async () => {
  const holding = await holds('m1');
  await redis.hdel(keys.holder(holding.id), 'maxAttempts');
  await bus.recovery.endLease(holding.id);
  expect(await bus.recovery.sweep(1)).toMatchObject({ returned: 0, dead: 1 });
});

test('an abandoned marble comes back by itself, its neighbours stay held', async () => {
  await send('q', 'm1', 'm2');
  const holding = await holder();
  const [first, second] = await take(holding, 2);
  await swap(holding, { abandon: [first!] });
  expect(await bus.recovery.sweep(3)).toMatchObject({ returned: 1, silent: 0, recovered: { abandoned: 1, limit: 0 } });
  expect([await waiting(), await attempts()]).toEqual([['m1'], [1]]);
  const { refused } = await swap(holding, finish(first!, second!));
  expect([...refused]).toEqual([first!.receipt]);
});

test('a marble over its time limit comes back from a living holder', async () => {
  await send('q', 'm1');
  const holding = await holder({ timeLimitMs: 50 });
  const [held] = await take(holding, 1);
  const swept = await until('it is over its limit', async () => {
    const result = await bus.recovery.sweep(3);
    return result.returned === 1 && result;
  });
  expect(swept.recovered).toMatchObject({ limit: 1, abandoned: 0, lease: 0 });
  expect(await attempts()).toEqual([1]);
  expect((await swap(holding, finish(held!))).refused.size).toBe(1);
});

test('a holder of more than one step comes back whole and in order, and of any queues', async () => {
  const [a, b] = ['a', 'b'].map((queue) => Array.from({ length: 700 }, (_, i) => `${queue}${i}`)) as [
    string[],
    string[],
  ];
  await send('a', ...a);
  await send('b', ...b);
  const holding = await holder();
  await take(holding, 700, 'a');
  await take(holding, 700, 'b');
  await bus.recovery.endLease(holding.id);
  expect(await bus.recovery.sweep(3)).toMatchObject({ returned: 1400, silent: 1 });
  expect([await waiting('a'), await waiting('b')]).toEqual([a, b]);
});

test('two that sweep at once bring each back once', async () => {
  const holders = await Promise.all(Array.from({ length: 20 }, (_, i) => holds(`m${i}.1`, `m${i}.2`)));
  for (const { id } of holders) await bus.recovery.endLease(id);
  const [one, other] = await Promise.all([bus.recovery.sweep(3), bus.recovery.sweep(3)]);
  expect(one.returned + other.returned).toBe(40);
  expect((await waiting()).length).toBe(40);
  expect(await countsOf()).toMatchObject({ dropped: 40, returned: 40 });
});

test('what is swept is added to what it is given', async () => {
  const result = { ...noSweep(), returned: 5, silent: 1 };
  const holding = await holds('m1');
  await bus.recovery.endLease(holding.id);
  expect(await bus.recovery.sweep(3, result)).toBe(result);
  expect(result).toMatchObject({ returned: 6, silent: 2 });
});

test('what is released is given back as it was, also for one that was given up meanwhile', async () => {
  const holding = await holds('m1', 'm2');
  await redis.zrem(keys.holders, holding.id);
  await bus.recovery.release(holding.id, '');
  expect([await waiting(), await attempts(), await bus.status.holderCount()]).toEqual([['m1', 'm2'], [0, 0], 0]);
  await bus.recovery.release(holding.id, '');
});

test('of a blocked holder only what has not begun is released', async () => {
  const holding = await holds('m1', 'm2', 'm3');
  await bus.recovery.releaseUnbegun(holding.id, { begun: 1, op: 1, mayBeInInbox: false });
  expect([await waiting(), await attempts(), await redis.hlen(keys.held(holding.id))]).toEqual([
    ['m2', 'm3'],
    [0, 0],
    2,
  ]);
  await bus.recovery.releaseUnbegun(holding.id, { begun: 0, op: 0, mayBeInInbox: false }); // it has gone on since
  expect([await waiting(), await bus.status.holderCount()]).toEqual([['m2', 'm3'], 1]);
});

describe('nonsense among what is swept', () => {
  test.each<[string, Buffer]>([
    ['a space', Buffer.from('no holder')],
    ['a colon', Buffer.from('no:holder')],
    ['no text', NO_TEXT],
    ['nothing at all', Buffer.from('')],
  ])('a holder with %s is forgotten and told, and the others are swept', async (_what, name) => {
    const holding = await holds('m1');
    await redis.zadd(keys.holders, 0, name);
    await bus.recovery.endLease(holding.id);
    const { returned, forgotten } = await bus.recovery.sweep(3);
    expect([returned, forgotten.length, await redis.zcard(keys.holders)]).toEqual([1, 1, 0]);
    expect(await waiting()).toEqual(['m1']);
  });

  test.each<[string, Buffer]>([
    ['no receipt', Buffer.from('holder')],
    ['a receipt without a queue', Buffer.from('holder 17')],
    ['a queue that is no text', Buffer.concat([Buffer.from('holder 1/'), NO_TEXT])],
    ['a queue with a space', Buffer.from('holder 1/a b')],
  ])('a deadline with %s is forgotten, and the others count', async (_what, member) => {
    const holding = await holds('m1');
    await redis.zadd(keys.deadlines, 1, member, 1, `${holding.id} 1/q`);
    const { returned, forgotten } = await bus.recovery.sweep(3);
    expect([returned, forgotten.length, await redis.zcard(keys.deadlines)]).toEqual([1, 1, 0]);
  });

  test('holders that cannot be brought back do not stop the others, and all of them are told', async () => {
    const [bad, worse, good] = [await holds('m1'), await holds('m2'), await holds('m3')];
    for (const { id } of [bad, worse]) {
      await redis.rename(keys.held(id), `aside:${keys.held(id)}`);
      await redis.set(keys.held(id), 'x');
    }
    for (const { id } of [bad, worse, good]) await bus.recovery.endLease(id);
    const error = await bus.recovery.sweep(3).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'MR_REDIS_WRONG_TYPE' });
    for (const { id } of [bad, worse]) expect((error as Error).message).toContain(`${keys.held(id)} is a string`);
    expect(await waiting()).toEqual(['m3']);
    for (const { id } of [bad, worse]) await redis.rename(`aside:${keys.held(id)}`, keys.held(id));
    expect((await bus.recovery.sweep(3)).returned).toBe(2);
    expect((await waiting()).sort()).toEqual(['m1', 'm2', 'm3']);
  });

  test('more of them than one look finds do not stop the others either', async () => {
    const ids = Array.from({ length: 1005 }, (_, i) => `bad${i}`);
    await redis.zadd(keys.holders, ...ids.flatMap((id) => [1, id]));
    await Promise.all(ids.map((id) => redis.set(keys.held(id), 'x')));
    const good = await holds('m1');
    await redis.zadd(keys.holders, 2, good.id);
    await expect(bus.recovery.sweep(3)).rejects.toThrow(/^1005 could not be brought back/);
    expect(await waiting()).toEqual(['m1']);
  });
});
