/**
 * Clients on one bus in one process share one connection, and none of them notices the others.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RedisServer, redisCli, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';

let server: RedisServer;
const open = new Set<Communicator>();
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  for (const one of open) one.disconnect();
  open.clear();
  await server.stop();
});

function communicator(run: string, sharing: 'own' | 'shared' = 'shared'): Communicator {
  const made = new Communicator({ redis: server.url, run }, sharing);
  open.add(made);
  return made;
}

const send = (on: Communicator, id: string) =>
  on.push([{ kind: 'back', queue: 'a', envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '0') }]);
const idsIn = async (on: Communicator) => (await on.dump('a')).map(({ id }) => id);

/** The ids by which Redis knows its clients, without the client that asks. */
async function clients(): Promise<string[]> {
  const list = (await redisCli(server.port, 'CLIENT', 'LIST'))
    .split('\n')
    .filter((line) => !line.includes('cmd=client'));
  return list.map((line) => /id=(\d+)/.exec(line)![1]!);
}

test('one connection for all of one bus that share it, one for each other bus and for whoever wants his own', async () => {
  const all = [communicator('a'), communicator('a'), communicator('b'), communicator('a', 'own')];
  await Promise.all(all.map((one) => one.connect()));
  expect(await clients()).toHaveLength(3);
});

test('one is closed and the other goes on on the same connection, which ends with the last', async () => {
  const [one, other] = [communicator('a'), communicator('a')];
  await Promise.all([send(one, 'x'), send(other, 'y')]);
  const before = await clients();
  await one.close();
  await expect(one.show()).rejects.toMatchObject({ code: 'MR_CLOSED' });
  await send(other, 'z');
  expect([(await idsIn(other)).sort(), await clients()]).toEqual([['x', 'y', 'z'], before]);
  await other.close();
  await until('nobody is connected', async () => (await clients()).length === 0);
  const late = communicator('a');
  expect(await idsIn(late)).toHaveLength(3);
});

test('what one breaks off ends at once, and what the other has under way is done once', async () => {
  const [one, other] = [communicator('a'), communicator('a')];
  await Promise.all([one.connect(), other.connect()]);
  server.signal('SIGSTOP');
  const brokenOff = one.show();
  const sent = send(other, 'x');
  one.disconnect();
  await expect(brokenOff).rejects.toMatchObject({ code: 'MR_CLOSED' });
  server.signal('SIGCONT');
  await sent;
  expect([await idsIn(other), other.state]).toEqual([['x'], 'ready']);
  expect(await clients()).toHaveLength(1);
});
