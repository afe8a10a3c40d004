/** Delayed marbles come into their queues when they are due, in order, in few and bounded steps. */
import { describe, expect, test } from '@jest/globals';
import { bus, connection, countsOf, envelope, keys, output, redis, waiting } from '../testing.js';
import { callScript } from '../redis/scripts.js';
import { promoteDue, type Promote } from './promotion.js';

const NO_TEXT = Buffer.from([0x71, 0xff, 0xfe]);
const marble = (id: string) => Buffer.from(envelope(id));

async function delay(n: number, queueOf: (i: number) => string): Promise<void> {
  const members = Array.from({ length: n }, (_, i) => [
    i + 1,
    `${String(i).padStart(15, '0')} b ${queueOf(i)} ${envelope(`m${i}`)}`,
  ]);
  await redis.zadd(keys.later, ...members.flat());
}

test('what is due for thousands of queues takes few round trips', async () => {
  await delay(4000, (i) => `q${i}`);
  let steps = 0;
  const promote: Promote = (call) => {
    steps++;
    return connection.run((to) => callScript(to, keys, 'promote', call));
  };
  expect(await promoteDue(keys, promote)).toEqual({ moved: 4000, died: 0 });
  expect(steps).toBeLessThan(50);
  expect(await redis.llen(keys.queue('q3999'))).toBe(1);
});

test('what is due keeps its order over the steps', async () => {
  await delay(1200, (i) => (i % 3 === 0 ? 'a' : `b${i}`));
  await bus.recovery.promote();
  const order = (await bus.dump('a', 0, 1000)).map(({ id }) => Number(id.slice(1)));
  expect(order).toEqual(Array.from({ length: 400 }, (_, i) => 3 * i));
});

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
    expect(await waiting('good')).toEqual(['m1']);
    const [letter, ...others] = await bus.deadLetters.list();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ queue, reason: { why: 'unreadable' } });
    expect((await countsOf(queue))?.dead).toBe(1);
  });

  test('one whose queue has a key of another type goes to the dead, and the others go on', async () => {
    await redis.set(keys.queue('bad'), 'x');
    await redis.zadd(keys.later, 1, `000000000000001 b bad ${envelope('m0')}`);
    await redis.zadd(keys.later, 2, `000000000000002 b good ${envelope('m1')}`);
    expect((await bus.recovery.promote()).nextInMs).toBe(-1);
    expect(await waiting('good')).toEqual(['m1']);
    expect((await bus.deadLetters.list()).map((letter) => [letter.queue, letter.envelope?.id])).toEqual([
      ['bad', 'm0'],
    ]);
  });
});

test('what is not due yet stays, and it is told in how many ms the next is due', async () => {
  expect(await bus.recovery.promote()).toEqual({ moved: 0, died: 0, nextInMs: -1 });
  await bus.push([output('late', 'q', { kind: 'later', delayMs: 3_600_000 })]);
  const { moved, nextInMs } = await bus.recovery.promote();
  expect(moved).toBe(0);
  expect(nextInMs).toBeGreaterThan(3_500_000);
  expect(nextInMs).toBeLessThanOrEqual(3_600_000);
});

test('a script that asks again for what it was given is an error, and not asked for ever', async () => {
  let asked = 0;
  const promote: Promote = () => Promise.resolve([0, 0, asked++ < 5 ? '1' : '0', 'q']);
  await expect(promoteDue(keys, promote)).rejects.toMatchObject({ code: 'MR_REDIS_REPLY' });
  expect(asked).toBe(2);
});
