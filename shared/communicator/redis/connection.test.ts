/**
 * Commands that heal: how long they wait for a Redis that is away, what they ask again, and what they do not.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, RedisServer, redisCli, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { BusOptions } from './bus-options.js';
import { Connection } from './connection.js';

let server: RedisServer;
let cable: Cable;
let open: Communicator[];
let connections: Connection[];
beforeEach(async () => {
  server = await RedisServer.start();
  cable = await Cable.to(server.url);
  open = [];
  connections = [];
});
afterEach(async () => {
  server.signal('SIGCONT');
  for (const one of open) one.disconnect();
  for (const one of connections) one.close();
  await cable.close();
  await server.stop();
});

function communicator(redis: BusOptions['redis'] & {}, more: BusOptions = {}): Communicator {
  const made = new Communicator({ redis, run: 'main', ...more });
  open.push(made);
  return made;
}
const marble = (id: string) => ({
  ...{ kind: 'back' as const, queue: 'q' },
  envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '1'),
});
const codeAndMs = async (what: Promise<unknown>) => {
  const began = Date.now();
  const code = await what.then(
    () => 'done',
    (error: unknown) => (error as { code: string }).code,
  );
  return { code, ms: Date.now() - began };
};

/** Waits in one command for longer than `retryTimeoutMs`. */
async function healthyWait(bus: Communicator) {
  const waiting = bus.holders.waitingConnection(60_000);
  const waits = waiting.run<unknown>((redis, again) =>
    again ? Promise.resolve('asked again') : redis.blpop('nothing', 60),
  );
  await until('it waits', () => waiting.state === 'ready');
  await sleep(1000);
  return waits;
}

test('a connection that is cut in a healthy wait of more than retryTimeoutMs is made again', async () => {
  const bus = communicator(cable.url, { retryTimeoutMs: 300 });
  const waits = healthyWait(bus);
  await sleep(1200);
  cable.cut();
  expect(await waits).toBe('asked again');
});

test('after a healthy wait, Redis may be away for retryTimeoutMs and no longer', async () => {
  const bus = communicator(cable.url, { retryTimeoutMs: 600 });
  const waits = healthyWait(bus);
  await sleep(1200);
  await server.kill();
  const { code, ms } = await codeAndMs(waits);
  expect(code).toBe('MR_REDIS_UNAVAILABLE');
  expect(ms).toBeGreaterThan(500);
  expect(ms).toBeLessThan(1200);
});

test.each([
  { when: 'at the first connect', options: { connectTimeoutMs: 400 }, ready: false },
  { when: 'later', options: { retryTimeoutMs: 400 }, ready: true },
])('a Redis that takes connections and says nothing is waited for so long only ($when)', async ({ options, ready }) => {
  const bus = communicator(cable.url, options);
  if (ready) await bus.connect();
  cable.freeze(true);
  if (ready) cable.abandon();
  const { code, ms } = await codeAndMs(bus.push([marble('x')]));
  expect(code).toBe('MR_REDIS_UNAVAILABLE');
  expect(ms).toBeGreaterThan(350);
  expect(ms).toBeLessThan(900);
});

test('what is refused to a waiting connection is not asked again at once', async () => {
  const bus = communicator(server.url);
  const waiting = bus.holders.waitingConnection(1000);
  await bus.set('text', 'x', 60_000);
  const { code, ms } = await codeAndMs(waiting.run((redis) => redis.blpop('mr:{main}:value:text', 1)));
  expect(code).toBe('MR_REDIS_WRONG_TYPE');
  expect(ms).toBeGreaterThan(900);
});

function connection(url: string, more: BusOptions = {}): Connection {
  const made = Connection.own({ redis: url, ...more });
  connections.push(made);
  return made;
}

test('a command is told that it may have been done already, once its connection broke, and not before', async () => {
  const far = connection(cable.url);
  await far.run((redis) => redis.ping());
  const told: boolean[] = [];
  const lost = cable.loseReplyTo('counted');
  const answer = await far.run(async (redis, again) => {
    told.push(again);
    return redis.incr('counted');
  });
  await lost;
  expect([told, answer]).toEqual([[false, true], 2]);
  cable.answer('waits', '-LOADING Redis is loading\r\n', true).catch(() => undefined);
  const asked: boolean[] = [];
  await far.run((redis, again) => {
    asked.push(again);
    return redis.get('waits');
  });
  expect(asked).toEqual([false, false]);
});

test('a script that is forgotten again while its text is on the way is asked again, not refused', async () => {
  let asked = 0;
  const answer = await connection(server.url).run((redis) =>
    ++asked === 1 ? redis.evalsha('0'.repeat(40), 0) : redis.eval('return 7', 0),
  );
  expect([asked, answer]).toEqual([2, 7]);
});

test('what Redis refuses is an error at once; a patient command waits while Redis is full', async () => {
  const near = connection(server.url);
  const write = () => near.run((redis) => redis.set('key', 'value'));
  await write();
  const { code, ms } = await codeAndMs(near.run((redis) => redis.lpush('key', 'x')));
  expect(code).toBe('MR_REDIS_WRONG_TYPE');
  expect(ms).toBeLessThan(900);
  const admin = connection(server.url);
  await admin.run((redis) => redis.config('SET', 'maxmemory', '1'));
  await expect(write()).rejects.toMatchObject({ code: 'MR_REDIS_FULL' });
  const patient = near.patient((redis) => redis.set('key', 'patient'));
  await until('it waits for room', () => near.state === 'OOM');
  await admin.run((redis) => redis.config('SET', 'maxmemory', '0'));
  expect([await patient, near.state]).toEqual(['OK', 'ready']);
});

test('a session is ended at Redis by its id and address together, and one that has ended already is no error', async () => {
  const [one, other] = [connection(server.url), connection(server.url)];
  await one.run((redis) => redis.ping());
  let cuts = 0;
  one.whenCut(() => cuts++);
  const session = one.session!;
  await other.end({ ...session, address: '127.0.0.1:1' }); // somebody else's by now
  await one.run((redis) => redis.ping());
  expect([cuts, one.session]).toEqual([0, session]);
  await other.end(session);
  await until('it hears of it', () => cuts === 1);
  await other.end(session);
  await one.run((redis) => redis.ping());
  expect(one.session).not.toEqual(session);
});

test('it gets on while a command is under way, and what is closed says so', async () => {
  const near = connection(server.url);
  await near.run((redis) => redis.ping());
  expect(near.getsOn).toBe(false);
  const slow = near.run((redis) => redis.blpop('nothing', 60)).catch((error: unknown) => error);
  expect(near.getsOn).toBe(true);
  near.close();
  near.close();
  expect(await slow).toMatchObject({ code: 'MR_CLOSED' });
  await expect(near.run((redis) => redis.ping())).rejects.toMatchObject({ code: 'MR_CLOSED' });
  expect(near.getsOn).toBe(false);
});

test('a password that is in its file half a second after Redis has it is waited out; a wrong one at the start is not', async () => {
  await redisCli(server.port, 'ACL', 'SETUSER', 'worker', 'on', '>first', '~*', '+@all');
  const passwordFile = join(server.dir, 'password');
  await writeFile(passwordFile, 'first');
  const place = { host: '127.0.0.1', port: server.port, username: 'worker', passwordFile };
  const bus = communicator(place);
  await bus.set('name', 'before', 60_000);
  await redisCli(server.port, 'ACL', 'SETUSER', 'worker', 'resetpass', '>second');
  await redisCli(server.port, 'CLIENT', 'KILL', 'USER', 'worker');
  const found = bus.get('name');
  await sleep(500);
  expect(bus.state).toMatch(/refused the user name or password/);
  await expect(communicator(place).connect()).rejects.toMatchObject({ code: 'MR_REDIS_AUTH' });
  await writeFile(passwordFile, 'second');
  expect(await found).toBe('before');
  expect(bus.state).toBe('ready');
});
