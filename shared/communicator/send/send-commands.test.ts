import { expect, test } from '@jest/globals';
import { Replicated } from '../redis/replicas.js';
import { connection, keys, output, redis, sentNumbers, waiting } from '../testing.js';
import { SendCommands } from './send-commands.js';

const commands = () => new SendCommands(new Replicated(connection, { replicas: 0, replicasTimeoutMs: 1000 }), keys);
const answered = Promise.resolve();

test('a command that is asked again under its number does nothing, whatever its kind', async () => {
  const by = commands();
  for (let again = 0; again < 2; again++) {
    await by.plain(1, [output('m1'), output('m2')]);
    await by.any(2, [output('m0', 'q', { kind: 'front' }), output('other', 'other')]);
    await by.next(3, answered, [output('m3')]);
  }
  expect([await waiting(), await waiting('other'), await sentNumbers()]).toEqual([
    ['m0', 'm1', 'm2', 'm3'],
    ['other'],
    [3],
  ]);
});

test('what follows a command that was not done is done when that has been answered', async () => {
  const by = commands();
  let answer = (): void => undefined;
  const before = new Promise<void>((resolve) => (answer = resolve));
  const next = by.next(2, before, [output('m2')]);
  await by.plain(1, [output('m1')]);
  expect([await waiting(), await sentNumbers()]).toEqual([['m1'], [1]]);
  answer();
  await next;
  expect([await waiting(), await sentNumbers()]).toEqual([['m1', 'm2'], [2]]);
});

test('a sender that finds others waiting long enough goes behind them, and to the other script where there are none', async () => {
  const by = commands();
  for (let n = 1; n <= 20; n++) await by.plain(n, [output(`m${n}`)]);
  await redis.del(keys.queue('q'));
  await by.plain(21, [output('m21')]);
  expect([await waiting(), await sentNumbers()]).toEqual([['m21'], [21]]);
});
