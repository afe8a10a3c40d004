import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { freshBus, ownRedis, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { LoadedScript, ScriptCommand } from './script-command.js';
import { Placed } from './script-names.js';
import type { ScriptArg, ScriptKey } from './script-types.js';

const ECHO = new LoadedScript('push', '#!lua flags=\nreturn {KEYS, ARGV}');
let redis: Redis;

ownRedis(beforeAll, afterAll); // it counts calls, and makes Redis forget scripts
beforeEach(() => {
  redis = new Redis(freshBus().redis);
});
afterEach(() => redis.disconnect());

const ask = (script: LoadedScript, keys: ScriptKey[], args: ScriptArg[], encoding: 'utf8' | null = 'utf8') =>
  redis.sendCommand(new ScriptCommand(redis, script, new Placed(keys, args), encoding)) as Promise<unknown>;

/** How often Redis was asked for scripts, by their text and by their hash. */
async function asked(): Promise<number[]> {
  const info = await redis.info('commandstats');
  return ['eval', 'evalsha'].map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0));
}

/** The difference that `work` makes to them. */
async function asking(work: () => Promise<unknown>): Promise<number[]> {
  const before = await asked();
  await work();
  return (await asked()).map((calls, i) => calls - before[i]!);
}

test('keys and arguments arrive as they are: numbers, any text, none at all', async () => {
  expect(await ask(ECHO, ['a', 'ü ß\r\n'], [1, -2.5, '', 'ä\n$3', '😀'])).toEqual([
    ['a', 'ü ß\r\n'],
    ['1', '-2.5', '', 'ä\n$3', '😀'],
  ]);
  expect(await ask(ECHO, [], [])).toEqual([[], []]);
});

test('bytes pass unchanged, among texts and at the end, as keys and as arguments', async () => {
  const bytes = Buffer.from([0, 10, 13, 255, 36]);
  const given = [
    [bytes, Buffer.from('ä')],
    [Buffer.from('x'), bytes, Buffer.alloc(0), Buffer.from('7'), bytes],
  ];
  expect(await ask(ECHO, [bytes, 'ä'], ['x', bytes, Buffer.alloc(0), 7, bytes], null)).toEqual(given);
});

test('a long command goes in pieces, of texts and of bytes, and the next one follows', async () => {
  const texts = Array.from({ length: 40 }, (_, i) => `${i} `.repeat(3000) + (i % 2 ? 'é' : '😀'));
  const bytes = texts.map((text) => Buffer.from(text));
  await ask(ECHO, [], []); // is connected from now on
  const writes: number[] = [];
  const { stream } = redis;
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array) => {
    writes.push(chunk.length);
    return write(chunk);
  };
  const both = [ask(ECHO, ['a'], texts), ask(ECHO, ['b'], [...texts, ...bytes, 1], null), ask(ECHO, [], ['next'])];
  expect(await Promise.all(both)).toEqual([
    [['a'], texts],
    [[Buffer.from('b')], [...bytes, ...bytes, Buffer.from('1')]],
    [[], ['next']],
  ]);
  expect(writes.length).toBeGreaterThan(10);
  expect(Math.max(...writes)).toBeLessThan(100_000);
});

test('a connection brings the text once, and the hash from then on', async () => {
  const calls = await asking(async () => {
    await Promise.all([ask(ECHO, [], [1]), ask(ECHO, [], [2])]);
    await ask(ECHO, [], [3]);
  });
  expect(calls).toEqual([1, 2]);
});

test('a script that Redis has forgotten is brought again, by those under way at the same time too', async () => {
  await ask(ECHO, [], []);
  await redis.script('FLUSH');
  const replies = await Promise.all([1, 2, 3].map((n) => ask(ECHO, [], [n])));
  expect(replies).toEqual([1, 2, 3].map((n) => [[], [String(n)]]));
  expect(await asking(() => ask(ECHO, [], []))).toEqual([0, 1]);
});

test('a script that itself says NOSCRIPT is asked twice at the most', async () => {
  const never = new LoadedScript('push', "#!lua flags=\nreturn redis.error_reply('NOSCRIPT of its own')");
  await expect(ask(never, [], [])).rejects.toThrow('NOSCRIPT of its own');
  await expect(ask(never, [], [])).rejects.toThrow('NOSCRIPT of its own');
});

test('an error knows the keys and none of the data', async () => {
  const wrong = new LoadedScript('push', "#!lua flags=\nreturn redis.call('LPUSH', KEYS[1], ARGV[1])");
  await redis.set('a string', 'x');
  const error = await ask(wrong, ['a string'], ['secret data']).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ message: expect.stringMatching(/^WRONGTYPE/), command: { name: 'evalsha' } });
  expect((error as { command: { args: unknown[] } }).command.args).toEqual([wrong.hash, 1, 'a string']);
});

test('one that is under way when its connection ends fails', async () => {
  const slow = new LoadedScript('push', "#!lua flags=\nreturn redis.call('TIME')");
  await ask(slow, [], []);
  redis.disconnect();
  await expect(ask(slow, [], [])).rejects.toThrow();
  await until('it has ended', () => redis.status === 'end');
  await expect(ask(slow, [], [])).rejects.toThrow('Connection is closed');
});
