/**
 * A missing right is named before anything is begun, and asking for it changes nothing.
 */
import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { RedisServer, redisCli } from '@marblerun/test-support';
import { Marble } from '../../marble/marble.js';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import { canBeTried, usersOf, type Part } from './rights.js';
import { scriptCommands, type ScriptName } from './scripts.js';

const PARTS: Part[] = ['push', 'pushAny', 'batches', 'replicas', 'pop', 'work', 'monitor', 'lift', 'land'];
const scripts = readdirSync(new URL('../../../communicator/lua', import.meta.url))
  .filter((file) => file.endsWith('.lua'))
  .map((file) => file.slice(0, -4) as ScriptName);
let server: RedisServer;
let open: { close(): Promise<void> }[] = [];
const admin = (...command: string[]) => redisCli(server.port, ...command);
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  for (const one of open) await one.close().catch(() => undefined); // the user may not be allowed to
  open = [];
  await admin('FLUSHALL');
});
afterAll(() => server.stop());

/** A user who may do all but that. */
async function without(...commands: string[]) {
  await admin(
    'ACL',
    'SETUSER',
    'some',
    'reset',
    'on',
    '>p',
    '~*',
    '+@all',
    ...commands.map((command) => `-${command}`),
  );
  return { host: '127.0.0.1', port: server.port, username: 'some', password: 'p' };
}
function opened<T extends { close(): Promise<void> }>(one: T): T {
  open.push(one);
  return one;
}
const marble = {
  kind: 'back' as const,
  queue: 'q',
  envelope: encodeEnvelope({ id: '1', attempt: 0, sentAt: 0, type: 'j' }, '1'),
};

/** Every key with what it holds. */
async function all(): Promise<string[]> {
  const keys = (await admin('KEYS', '*')).split('\n').filter(Boolean).sort();
  return Promise.all(keys.map(async (key) => `${key} ${await admin('DUMP', key)}`));
}

test('every command of every script has a trial', () => {
  const commands = new Set(scripts.flatMap((name) => [...scriptCommands(name)]));
  expect([...commands].filter((command) => !canBeTried(command))).toEqual([]);
  expect(commands.size).toBeGreaterThan(25);
  expect(PARTS.flatMap((part) => [...usersOf(part).keys()]).filter((command) => !canBeTried(command))).toEqual([]);
});

test.each(PARTS)('%s: each command that it needs is asked for, and the one that is missing is named', async (part) => {
  const named: string[] = [];
  for (const command of [...usersOf(part).keys(), 'client|kill']) {
    const bus = new Communicator({ redis: await without(command), run: 'main' });
    await bus.mustBeAllowed(part).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'MR_REDIS_AUTH', message: expect.stringContaining(command) });
      named.push(command);
    });
    await bus.close();
  }
  expect(named).toEqual([...usersOf(part).keys(), 'client|kill']);
});

test('who may do all is let in, and nothing is changed by the trials', async () => {
  const bus = opened(new Communicator({ redis: server.url, run: 'main' }));
  await bus.connect();
  for (const fill of [false, true]) {
    if (fill) await bus.push([marble, { ...marble, kind: 'later', delayMs: 60_000 }, { ...marble, kind: 'up' }]);
    const before = await all();
    expect(before.length).toBeGreaterThanOrEqual(fill ? 7 : 1);
    const fresh = opened(new Communicator({ redis: server.url, run: 'main' }));
    for (const part of PARTS) await fresh.mustBeAllowed(part);
    await admin('GET', 'mr:{main}:trial:text'); // Redis drops it: it has expired
    expect(await all()).toEqual(before);
  }
});

test.each(['blmove', 'client|unblock', 'client|kill', 'rpush', 'hdel'])(
  'a worker without %s does not begin: its error says so, once',
  async (command) => {
    const marble = opened(new Marble({ redis: await without(command), heartbeat: 'loop' }));
    const errors: unknown[] = [];
    const worker = marble.work('q', () => undefined, { onError: (error) => void errors.push(error) });
    await expect(worker.done).rejects.toMatchObject({
      ...{ code: 'MR_REDIS_AUTH', message: expect.stringContaining(command) },
    });
    await expect(marble.wait('q')).rejects.toMatchObject({ code: 'MR_REDIS_AUTH' });
    expect(errors).toEqual([]);
    expect(await admin('EXISTS', 'mr:{main}:holders')).toBe('0');
  },
);

test('who only sends needs no right of a worker', async () => {
  const rights = [...usersOf('push').keys(), ...usersOf('pushAny').keys(), 'client|kill', 'client|info', 'ping'];
  const always = ['eval', 'evalsha', 'get', 'set'];
  const allowed = [...new Set([...rights, ...always])].map((command) => `+${command}`);
  await admin('ACL', 'SETUSER', 'sender', 'reset', 'on', '>p', '~mr:{main}:*', ...allowed);
  const redis = { host: '127.0.0.1', port: server.port, username: 'sender', password: 'p' };
  const sender = opened(new Marble({ redis }));
  await sender.send('q', 1);
  await sender.send('q', 2, { delayMs: 60_000 });
  await sender.expedite('q', 3);
  await sender.elevate('q', 4);
  await expect(sender.wait('q')).rejects.toMatchObject({ message: expect.stringContaining('blmove (for work)') });
  expect(await admin('LLEN', 'mr:{main}:q:q')).toBe('2');
});
