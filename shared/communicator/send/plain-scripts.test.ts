import { expect, test } from '@jest/globals';
import { connection, countsOf, keys, redis, waiting } from '../testing.js';
import { PlainScripts } from './plain-scripts.js';

test('both scripts send to their queue, numbered for one sender', async () => {
  const { push, pushBehind, queue } = new PlainScripts(keys, 'sender', 'q');
  const behind = (number: number, envelope: string) =>
    connection.run((client) => pushBehind.call(client, { number, envelope }));
  expect(await behind(1, 'm1')).toBe(-1); // none wait yet
  expect(await connection.run((client) => push.call(client, { number: 1 }, ['m1 0 0 j\n1', 'm2 0 0 j\n2']))).toBe(1);
  expect([await behind(2, 'm3 0 0 j\n3'), await behind(2, 'again')]).toEqual([1, 0]);
  expect([queue, await waiting()]).toEqual(['q', ['m1', 'm2', 'm3']]);
  expect(await countsOf()).toMatchObject({ sent: 3 });
  expect(await redis.get(keys.sender('sender'))).toBe('2');
});
