/**
 * The time that a command keeps trying counts from when Redis was found to be away, and is the time that the option
 * says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, RedisServer, until } from '@marblerun/test-support';
import type { BusOptions } from './bus-options.js';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';

let server: RedisServer;
let cable: Cable;
let open: Communicator[];
beforeEach(async () => {
  server = await RedisServer.start();
  cable = await Cable.to(server.url);
  open = [];
});
afterEach(async () => {
  server.signal('SIGCONT');
  for (const one of open) one.disconnect();
  await cable.close();
  await server.stop();
});

function communicator(redis: string, more: BusOptions = {}): Communicator {
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
