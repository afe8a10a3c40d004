/** Large data arrive as they are, whatever they are made of, and the next command is understood. */
import { expect, test } from '@jest/globals';
import { bus, keys, largeOutput, redis } from '../testing.js';
import { SetData } from './set-data.js';

test.each([
  ['ASCII', 'text '.repeat(50_000)],
  ['latin letters', 'ä '.repeat(50_000)],
  ['others', 'x€😀'.repeat(30_000)],
  ['a lone surrogate', `${'x'.repeat(20_000)}\ud800`],
  ['bytes', Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 256))],
  ['nothing', ''],
])('what is set is read again: %s', async (_, data) => {
  const one = largeOutput('x', {}, data);
  await bus.push([one, largeOutput('y')]);
  expect((await bus.largeData.read(one.large!))?.equals(Buffer.from(data as string))).toBe(true);
  expect(String(await bus.largeData.read(largeOutput('y').large!))).toBe('data of y');
});

test('what is written is as long as it is, whatever is said of it', async () => {
  const one = largeOutput('x');
  await bus.push([{ ...one, large: { ...one.large!, bytes: 3 } }, largeOutput('y')]);
  expect(String(await bus.largeData.read(one.large!))).toBe('data of x');
  expect(String(await bus.largeData.read(largeOutput('y').large!))).toBe('data of y');
});

test('data that are there are left alone, and others go by themselves', async () => {
  await redis.connect();
  const large = { name: 'x', bytes: 3, data: 'one' };
  await redis.sendCommand(new SetData(keys.data('x'), large));
  expect(await redis.ttl(keys.data('x'))).toBeGreaterThan(3000);
  expect(await redis.sendCommand(new SetData(keys.data('x'), { ...large, data: 'two' }))).toBeNull();
  expect(await redis.get(keys.data('x'))).toBe('one');
});
