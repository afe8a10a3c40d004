/**
 * A slow path is not a broken one: what is sent arrives, however long that takes, and silence is noticed in time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, RedisServer, SlowPath, redisCli, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';

const KIB = 1024;
let server: RedisServer;
let cleanUp: (() => unknown)[];
beforeEach(async () => {
  server = await RedisServer.start();
  cleanUp = [() => server.stop()];
});
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
});

function communicator(redis: string, more = {}): Communicator {
  const made = new Communicator({ redis, run: 'main', replyTimeoutMs: 1000, ...more });
  cleanUp.push(() => made.disconnect());
  return made;
}

const marble = (id: string, bytes: number) => ({
  ...{ kind: 'back' as const, queue: 'q' },
  envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'b' }, Buffer.alloc(bytes)),
});

const text = (id: string, bytes: number) => ({
  ...{ kind: 'back' as const, queue: 'q' },
  envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, `"${'x'.repeat(bytes)}"`),
});

const large = (id: string, bytes: number) => {
  const data = { name: `data-of-${id}`, bytes, data: 'x'.repeat(bytes) };
  return {
    ...text(id, 0),
    envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j', large: data }, ''),
    large: data,
  };
};

// A quarter of 900 kB goes at twice 60 kB/s, with a tenth of the usual time without an answer.
test.each([
  { holds: 8 * KIB, how: 'that takes no more than it passes' },
  { holds: 1024 * KIB, how: 'that takes all at once, so that nobody sees how far it is' },
])('what takes much longer than replyTimeoutMs to be sent arrives, once, over a path $how', async ({ holds }) => {
  const path = await SlowPath.to(server.port, 120 * KIB, holds);
  cleanUp.push(() => path.stop());
  const [far, near] = [communicator(path.url), communicator(server.url)];
  await far.connect();
  const began = Date.now();
  await far.push([marble('large', 240 * KIB)]);
  expect(Date.now() - began).toBeGreaterThan(1500);
  await far.push([marble('small', 1)]);
  const [q] = await near.show();
  expect(q).toMatchObject({ depth: 2, counts: { sent: 2 } });
});

test.each([
  ['marbles of a command that goes in pieces', Array.from({ length: 40 }, (_, i) => text(`m${i}`, 6 * KIB))],
  ['large data beside their marble', [large('m0', 240 * KIB)]],
])('%s arrive likewise', async (_, outputs) => {
  const path = await SlowPath.to(server.port, 120 * KIB, 1024 * KIB);
  cleanUp.push(() => path.stop());
  const [far, near] = [communicator(path.url), communicator(server.url)];
  await far.connect();
  const began = Date.now();
  await far.push(outputs);
  expect(Date.now() - began).toBeGreaterThan(1500);
  expect((await near.show())[0]).toMatchObject({ depth: outputs.length, counts: { sent: outputs.length } });
});

test('what takes much longer than replyTimeoutMs to come is waited for', async () => {
  const path = await SlowPath.to(server.port, 120 * KIB, 8 * KIB);
  cleanUp.push(() => path.stop());
  const [far, near] = [communicator(path.url), communicator(server.url)];
  await near.push([marble('large', 240 * KIB)]);
  const [popped] = await far.pop(['q']);
  expect(popped?.envelope.data).toHaveLength(240 * KIB);
});

test('a path that breaks is noticed after replyTimeoutMs, also while others go on sending on it', async () => {
  const cable = await Cable.to(server.url);
  cleanUp.push(() => cable.close());
  const far = communicator(cable.url);
  await far.connect();
  const before = cable.connections;
  cable.freeze();
  const began = Date.now();
  const sends = [far.push([marble('first', 100)]), far.get('one'), far.get('other')];
  const chatter = setInterval(() => sends.push(far.get('more')), 50); // bytes that go nowhere are no sign of life
  await until('it is left', () => far.state !== 'ready'); // looks are counted: on a busy machine that takes longer
  clearInterval(chatter);
  expect(Date.now() - began).toBeGreaterThan(800);
  expect(before).toBe(1);
  cable.repair();
  await Promise.all(sends);
  expect((await far.show())[0]).toMatchObject({ depth: 1, counts: { sent: 1 } });
});

test('one that is broken under a large command is noticed too', async () => {
  const path = await SlowPath.to(server.port, 120 * KIB, 8 * KIB);
  cleanUp.push(() => path.stop());
  const far = communicator(path.url);
  await far.connect();
  const sent = far.push([marble('large', 30 * KIB)]);
  path.broken = true;
  await until('it is left', () => far.state !== 'ready', { deadlineMs: 8000 });
  path.broken = false;
  await sent;
  expect((await far.show())[0]).toMatchObject({ depth: 1, counts: { sent: 1 } });
});

test('an idle connection is kept, and one whose process was busy for longer than replyTimeoutMs', async () => {
  const bus = communicator(server.url);
  await bus.connect();
  const clients = async () =>
    (await redisCli(server.port, 'CLIENT', 'LIST'))
      .split('\n')
      .filter((line) => line.includes('cmd=get'))
      .map((line) => line.split(' ')[0]);
  await bus.get('x');
  const before = await clients();
  await sleep(1200);
  const asked = bus.get('x');
  const free = Date.now() + 1500;
  while (Date.now() < free); // blocks the event loop
  await asked;
  expect([before.length, await clients()]).toEqual([1, before]);
});
