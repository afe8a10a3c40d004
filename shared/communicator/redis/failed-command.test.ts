/** Errors of a real Redis, as people read them. */
import { createHash } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { RedisServer, redisCli } from '@marblerun/test-support';
import { bus, connection, keys, output, redis } from '../testing.js';
import { Connection } from './connection.js';
import { noteAsked, whereOf, withKeys } from './failed-command.js';
import { callScript, scriptText } from './scripts.js';
import { MarbleRunError } from '../../errors.js';

const refusalOf = (work: Promise<unknown>) =>
  work.then(
    (): never => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error as MarbleRunError,
  );
let close: () => unknown = () => undefined;
afterEach(async () => {
  await close();
  close = () => undefined;
});

test('a script that fails is told with the command in it, and with the key, its type and the right one', async () => {
  await redis.set(keys.holder('h'), 'x');
  const call = { keys: { holder: keys.holder('h'), held: keys.held('h') }, args: { holder: 'h', leaseMs: 1 } };
  const { code, message } = await refusalOf(connection.run((to) => callScript(to, keys, 'enter', call)));
  expect(code).toBe('MR_REDIS_WRONG_TYPE');
  expect(message).toMatch(/^script "enter", HSET: a key of the run holds something else; rename or delete it: /);
  expect(message).toContain(`; ${keys.holder('h')} is a string and must be a hash (MR_REDIS_WRONG_TYPE)`);
  expect(message).not.toContain(`${keys.holders} is`);
});

test('a script that has caught its failure first is told with all of its commands', async () => {
  await redis.set(keys.counts, 'x');
  const { message } = await refusalOf(bus.push([output('m1')]));
  expect(message).toMatch(/^script "push", TIME or GET or SET or HGET or ZADD or LPUSH or HINCRBY: /);
  expect(message).toContain(`; ${keys.counts} is a string and must be a hash`);
});

test('a command that fails by itself is told by its name, with its key', async () => {
  await redis.set(keys.dead, 'x');
  const { message } = await refusalOf(bus.deadLetters.count());
  expect(message).toMatch(/^ZCARD: .*WRONGTYPE/);
  expect(message).toContain(`${keys.dead} is a string and must be a zset`);
});

test('a right that is missing in a script is told with its command', async () => {
  const server = await RedisServer.start();
  close = () => server.stop();
  await redisCli(server.port, 'ACL', 'SETUSER', 'some', 'on', '>p', '~*', '+@all', '-hset');
  const some = Connection.own({ redis: { host: '127.0.0.1', port: server.port, username: 'some', password: 'p' } });
  const call = { keys: { holder: keys.holder('h'), held: keys.held('h') }, args: { holder: 'h', leaseMs: 1 } };
  const { code, message } = await refusalOf(some.run((to) => callScript(to, keys, 'enter', call)));
  some.close();
  expect([code, message]).toEqual([
    'MR_REDIS_AUTH',
    expect.stringMatching(/^script "enter", HSET: .*may not run this/),
  ]);
});

test('a line without a command names those of its function, or of what was passed to it', () => {
  const text = scriptText('due');
  const sha = createHash('sha1').update(text).digest('hex');
  const line = text.split('\n').findIndex((one) => one.includes('for _, name in ipairs')) + 1;
  const failing = (at: number) => new Error(`ERR something script: ${sha}, on @user_script:${at}.`);
  expect(whereOf(failing(line))).toBe('script "due", ZRANGEBYSCORE');
  const end = text.split('\n').findIndex((one) => one === '  return known') + 1;
  expect(whereOf(failing(end))).toBe('script "due", ZRANGEBYSCORE or ZREM');
  expect(whereOf(new Error(`ERR x script: ${'0'.repeat(40)}, on @user_script:3.`))).toBe('');
  expect(whereOf('no error')).toBe('');
});

test('where the types may not be asked for, all keys of the command are named', async () => {
  const server = await RedisServer.start();
  close = () => server.stop();
  await redisCli(server.port, 'ACL', 'SETUSER', 'some', 'on', '>p', '~*', '+@all', '-type');
  await redisCli(server.port, 'SET', keys.dead, 'x');
  const some = Connection.own({ redis: { host: '127.0.0.1', port: server.port, username: 'some', password: 'p' } });
  const { message } = await refusalOf(some.run((to) => to.lpush(keys.dead, 'hunter2')));
  some.close();
  expect(message).toContain(`the key is one of ${keys.dead}`);
  expect(message).not.toContain('hunter2');
});

test('data is never named, and other errors stay as they are', async () => {
  await redis.set(keys.queue('q'), 'x');
  const cause: unknown = await redis.lpush(keys.queue('q'), 'hunter2').catch((error: unknown) => error);
  noteAsked(cause);
  const wrong = new MarbleRunError('MR_REDIS_WRONG_TYPE', 'a key', { cause });
  const { message } = await connection.run((to) => withKeys(wrong, to));
  expect(message).toContain(`${keys.queue('q')} is a string and must be a list`);
  expect(message).not.toContain('hunter2');
  const full = new MarbleRunError('MR_REDIS_FULL', 'full', { cause });
  expect([await withKeys(full, redis), await withKeys(wrong, undefined)]).toEqual([full, wrong]);
});
