import { expect, test } from '@jest/globals';
import { connection, keys, redis } from '../testing.js';
import { BoundScript } from './bound-script.js';

const bound = () =>
  new BoundScript(keys, 'push', {
    keys: { sender: keys.sender('s'), list: keys.queue('q'), wake: keys.wake('q') },
    args: { rememberMs: 60_000, queue: 'q' },
  });
const lying = () => redis.lrangeBuffer(keys.queue('q'), 0, -1);

test('what is bound and what each call brings arrive in their places: texts, numbers, bytes', async () => {
  const push = bound();
  const bytes = Buffer.from([0, 13, 10, 255]);
  const reply = await connection.run((client) => push.call(client, { number: 1 }, ['ä\r\n$3', bytes, '']));
  expect(reply).toBe(1);
  expect(await lying()).toEqual([Buffer.alloc(0), bytes, Buffer.from('ä\r\n$3')]);
  expect(await redis.hgetall(keys.counts)).toEqual({ 'q sent': '3' });
  expect(await redis.pttl(keys.sender('s'))).toBeGreaterThan(50_000);
});

test('calls share nothing but what is bound', async () => {
  const push = bound();
  const numbers = [1, 2, 3];
  const ask = (number: number) => connection.run((client) => push.call(client, { number }, [`m${number}`]));
  expect(await Promise.all(numbers.map(ask))).toEqual([1, 2, 2]);
  expect(await ask(3)).toBe(0);
  expect((await lying()).map(String)).toEqual(['m3', 'm2', 'm1']);
});

test('replies come as texts, or as bytes', async () => {
  await redis.hset(keys.held('h'), '1/q', 'm1');
  await redis.lpush(keys.queue('q'), 'm2');
  const names = { finishedField: 'q finished', takenField: 'q taken' };
  const step = new BoundScript(keys, 'step', { keys: { held: keys.held('h'), list: keys.queue('q') }, args: names });
  const args = { op: 2, finished: '1/q', taken: '2/q' };
  expect(await connection.run((client) => step.callBuffer(client, args))).toEqual([1, Buffer.from('m2')]);
  await redis.lpush(keys.queue('q'), 'm3');
  const next = { op: 3, finished: '2/q', taken: '3/q' };
  expect(await connection.run((client) => step.call(client, next))).toEqual([1, 'm3']);
});

test('an error knows the keys and none of the data', async () => {
  await redis.set(keys.queue('q'), 'no list');
  const error = await bound()
    .call(redis, { number: 1 }, ['secret'])
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({
    message: expect.stringMatching(/WRONGTYPE/),
    command: { name: 'evalsha' },
  });
  const { args } = (error as { command: { args: unknown[] } }).command;
  expect(args.slice(1)).toEqual([6, ...args.slice(2)]);
  expect(args).toContain(keys.queue('q'));
  expect(JSON.stringify(args)).not.toContain('secret');
});

test('a key or an argument that is missing is told by its name', async () => {
  const names = { rememberMs: 1, queue: 'q' };
  expect(() => new BoundScript(keys, 'push', { keys: { sender: 's' } as never, args: names })).toThrow(
    'its key "list" is missing',
  );
  const push = bound();
  const asked = connection.run((client) => Promise.resolve(push.call(client, {} as never, ['m'])));
  await expect(asked).rejects.toThrow('its argument "number" is missing');
  expect(await lying()).toEqual([]);
});
