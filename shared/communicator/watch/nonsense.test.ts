/**
 * Nonsense in Redis that none of our clients wrote. It must not stop the others, get lost, or be looked at for ever.
 * There is a table for each place where a name or a member comes out of Redis.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { freshBus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { Holding } from '../hold/holding.js';
import { keysOf, type RunKeys } from '../redis/keys.js';
import type { Output } from '../send/outputs.js';

const NO_TEXT = Buffer.from([0x71, 0xff, 0xfe]);

let bus: Communicator;
let redis: Redis;
let keys: RunKeys;
beforeEach(() => {
  const fresh = freshBus();
  bus = new Communicator(fresh);
  redis = new Redis(fresh.redis);
  keys = keysOf(fresh.run);
});
afterEach(async () => {
  await bus.close();
  redis.disconnect();
});

const envelope = (id: string) => encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '1').toString();
const output = (id: string, queue = 'good', kind: Output['kind'] = 'back'): Output => ({
  ...{ kind, queue, envelope: envelope(id), delayMs: 1, reason: '{"why":"tested"}' },
});
const waiting = async (queue = 'good') => (await bus.dump(queue)).map(({ id }) => id);
const marble = (id: string) => Buffer.from(envelope(id));

async function holder(...ids: string[]): Promise<Holding> {
  const options = { leaseMs: 3_600_000, timeLimitMs: 0, maxAttempts: 5, description: {} };
  const holding = bus.holders.holding(bus.holders.waitingConnection(1000), options);
  await holding.enter();
  await bus.push(ids.map((id) => output(id)));
  await holding.swap({ sources: ['good'], want: ids.length });
  return holding;
}

describe('among the delayed', () => {
  test.each<[string, Buffer, string]>([
    ['nothing at all', Buffer.from(''), '-'],
    ['a word', Buffer.from('word'), '-'],
    ['no serial', Buffer.concat([Buffer.from('b q '), marble('bad')]), '-'],
    ['no such side', Buffer.concat([Buffer.from('000000000000001 x q '), marble('bad')]), '-'],
    ['no queue', Buffer.concat([Buffer.from('000000000000001 b  '), marble('bad')]), '-'],
    ['bytes', Buffer.from([0, 1, 2, 0xff, 0xfe]), '-'],
    ['a queue that is no text', Buffer.concat([Buffer.from('000000000000001 b '), NO_TEXT, marble(' bad')]), 'q__'],
    ['a queue with a brace', Buffer.concat([Buffer.from('000000000000001 f q{x} '), marble('bad')]), 'q_x_'],
    [
      'a queue of too long a name',
      Buffer.concat([Buffer.from(`000000000000001 b ${'q'.repeat(129)} `), marble('bad')]),
      'q'.repeat(128),
    ],
  ])('%s goes to the dead with its reason, and the others go on', async (_what, member, queue) => {
    await redis.zadd(keys.later, 1, member);
    await redis.zadd(keys.later, 2, `000000000000002 b good ${envelope('m1')}`);
    expect(await bus.recovery.promote()).toEqual({ moved: 1, died: 1, nextInMs: -1 });
    expect(await waiting()).toEqual(['m1']);
    const [letter, ...others] = await bus.deadLetters.list();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ queue, reason: { why: 'unreadable' } });
    expect((await bus.show()).find((status) => status.queue === queue)?.counts.dead).toBe(1);
  });

  test('one whose queue has a key of another type goes to the dead, and the others go on', async () => {
    await redis.set(keys.queue('bad'), 'x');
    await redis.zadd(keys.later, 1, `000000000000001 b bad ${envelope('m0')}`);
    await redis.zadd(keys.later, 2, `000000000000002 b good ${envelope('m1')}`);
    expect((await bus.recovery.promote()).nextInMs).toBe(-1);
    expect(await waiting()).toEqual(['m1']);
    expect((await bus.deadLetters.list()).map((letter) => [letter.queue, letter.envelope?.id])).toEqual([
      ['bad', 'm0'],
    ]);
  });
});

describe('in a sweep', () => {
  test.each<[string, Buffer]>([
    ['a space', Buffer.from('no holder')],
    ['a colon', Buffer.from('no:holder')],
    ['no text', NO_TEXT],
    ['nothing at all', Buffer.from('')],
  ])('a holder with %s is forgotten and told, and the others are swept', async (_what, name) => {
    const holding = await holder('m1');
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
    const holding = await holder('m1');
    await redis.zadd(keys.deadlines, 1, member, 1, `${holding.id} 1/good`);
    const { returned, forgotten } = await bus.recovery.sweep(3);
    expect([returned, forgotten.length, await redis.zcard(keys.deadlines)]).toEqual([1, 1, 0]);
  });

  test('holders that cannot be brought back do not stop the others, and all of them are told', async () => {
    const [bad, worse, good] = [await holder('m1'), await holder('m2'), await holder('m3')];
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
    const good = await holder('m1');
    await redis.zadd(keys.holders, 2, good.id);
    await expect(bus.recovery.sweep(3)).rejects.toThrow(/^1005 could not be brought back/);
    expect(await waiting()).toEqual(['m1']);
  });
});

describe('among the names of queues', () => {
  test.each<[string, Buffer]>([
    ['a space', Buffer.from('a b')],
    ['no text', NO_TEXT],
  ])('one with %s is not shown, and is forgotten', async (_what, name) => {
    await bus.push([output('m1'), output('m2', 'good', 'up')]);
    for (const registry of [keys.queues, keys.outboxes]) await redis.zadd(registry, 1, name);
    expect((await bus.show()).map(({ queue }) => queue)).toEqual(['good']);
    expect((await bus.status.outboxes()).map(({ queue }) => queue)).toEqual(['good']);
    await bus.prune(3_600_000);
    expect([await redis.zcard(keys.queues), await redis.zcard(keys.outboxes)]).toEqual([1, 1]);
  });

  test('a queue whose key has another type does not hide the others', async () => {
    await bus.push([output('m1'), output('m2', 'bad')]);
    await redis.del(keys.queue('bad'));
    await redis.set(keys.queue('bad'), 'x');
    expect((await bus.show()).map(({ queue, depth }) => [queue, depth])).toEqual([
      ['bad', 0],
      ['good', 1],
    ]);
  });
});

test.each<[string, (name: Buffer | string) => Buffer]>([
  ['a inbox', (name) => Buffer.concat([Buffer.from(keys.inbox('gone', '')), Buffer.from(name)])],
  ['a queue', (name) => Buffer.concat([Buffer.from(keys.queue('')), Buffer.from(name)])],
])('%s of a name that is not allowed is found, and what is in it goes to the dead', async (_what, keyOf) => {
  await redis.lpush(keyOf(NO_TEXT), envelope('m1'), envelope('m2'));
  await redis.lpush(keyOf('a b'), envelope('m3'));
  await bus.recovery.findOrphans();
  await bus.recovery.sweep(3);
  expect((await bus.deadLetters.list()).map((letter) => letter.envelope?.id).sort()).toEqual(['m1', 'm2', 'm3']);
  expect(await redis.exists(keyOf(NO_TEXT), keyOf('a b'))).toBe(0);
});

test.each([
  ['no JSON', 'nonsense'],
  ['JSON of another kind', '[1]\nx'],
  ['nothing at all', ''],
  ['a queue of no allowed name', `{"queue":"a b","at":1,"reason":{}}\nx`],
])('a letter that is %s hides no other, and can be deleted', async (_what, letter) => {
  await redis.zadd(keys.dead, 1, '99');
  await redis.hset(keys.letters, '99', letter);
  await bus.push([output('m1', 'good', 'dead')]);
  expect((await bus.deadLetters.list()).map(({ serial }) => serial)).toContain('99');
  expect((await bus.deadLetters.get('99'))?.serial).toBe('99');
  expect(await bus.deadLetters.requeueAll()).toBe(1);
  expect(await waiting()).toEqual(['m1']);
  expect(await bus.deadLetters.removeAll()).toBe(1);
  expect(await bus.deadLetters.count()).toBe(0);
});
