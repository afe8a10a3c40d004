/**
 * A script that fails half-way is not undone. So Redis refuses each command of a lane's scripts, or each key of a lane
 * holds something else, for a while and for several tries. Afterwards every marble has arrived, and once.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { RedisServer } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope, newId } from '../data/envelope.js';
import type { Header } from '../data/header.js';
import { keysOf } from '../redis/keys.js';
import { scriptText, type ScriptName } from '../redis/scripts.js';

const LIMITS = { marbles: 4, bytes: 100_000 };
const [LOWER, UPPER] = [keysOf('lower'), keysOf('upper')];

let server: RedisServer;
let redis: Redis;
/** The Elevator's connections, with rights of their own. */
let [lower, upper]: Communicator[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushdb();
  for (const user of ['lower', 'upper']) await redis.acl('SETUSER', user, 'reset', 'on', '>secret', '~*', '+@all');
  [lower, upper] = ['lower', 'upper'].map(
    (run) => new Communicator({ redis: server.url.replace('//', `//${run}:secret@`), run }),
  );
  await Promise.all([lower!.connect(), upper!.connect()]);
});
afterEach(() => Promise.all([lower!.close(), upper!.close()]));

async function elevate(queue: string, n: number, header: Partial<Header> = {}): Promise<void> {
  const outputs = Array.from({ length: n }, () => ({
    kind: header.expedited ? ('upFront' as const) : ('up' as const),
    queue,
    envelope: encodeEnvelope({ id: newId(), attempt: 0, sentAt: 1, type: 'j', ...header }, '1'),
  }));
  await lower!.push(outputs);
}

/**
 * Marbles for every way that one may go: two queues, one that goes on, one marble that has travelled too far; some
 * expedited.
 */
async function elevateSome(): Promise<void> {
  await elevate('deep', 1, { hops: 3 });
  await elevate('a', 4);
  await elevate('a', 1, { expedited: 1 });
  await elevate('b', 2);
  await elevate('on', 1);
  await elevate('on', 1, { expedited: 1 });
}

const options = { from: 'lower', hopLimit: 3, onward: (queue: string) => queue === 'on' };

async function carry(): Promise<void> {
  const [source, target] = [lower!.laneSource('up'), upper!.laneTarget()];
  for (let transit = await source.lift(await source.waitingQueues(), LIMITS); transit;) {
    const { landing, knownEpoch } = await target.land(transit, options);
    const isThere = landing !== 'doubt';
    if (!isThere) await source.newEpoch(transit, knownEpoch);
    transit = await source.lift(await source.waitingQueues(), LIMITS, isThere ? transit : undefined);
  }
}

/** Counts how many of each are where. Nothing may be there twice. */
async function found() {
  const [a, b, on] = await Promise.all(
    [UPPER.queue('a'), UPPER.queue('b'), UPPER.outbox('on')].map((key) => redis.lrange(key, 0, -1)),
  );
  const dead = (await upper!.deadLetters.list()).map(({ queue, reason }) => `${queue}: ${String(reason['why'])}`);
  const ids = [a, b, on].flat().map((envelope) => envelope?.split(' ')[0]);
  const lengthOf = (key: string) => redis.llen(key).catch(() => 0);
  const waiting = await Promise.all(['a', 'b', 'on', 'deep'].map((queue) => lengthOf(LOWER.outbox(queue))));
  return {
    arrived: [a, b, on].map((list) => list?.length),
    twice: ids.length - new Set(ids).size,
    dead: dead.sort(),
    left: waiting.reduce((sum, n) => sum + n, await redis.llen(LOWER.transit('up'))),
  };
}
const ALL = { arrived: [5, 2, 2], twice: 0, dead: ['deep: hop limit'], left: 0 };

/** Tries again and again while something is wrong: no try may make it worse. */
async function tryInVain(): Promise<Error | undefined> {
  let error: Error | undefined;
  for (let tries = 0; tries < 3; tries++) await carry().catch((thrown: unknown) => (error = thrown as Error));
  return error;
}

const commandsOf = (script: ScriptName) =>
  [...new Set(scriptText(script).match(/(?<=redis\.p?call\(')[A-Z]+|(?<=\w\(')(LPUSH|RPUSH)/g))].sort();
const refusals = (side: 'lower' | 'upper', script: ScriptName) =>
  commandsOf(script).map((command) => ({ side, script, command }));

test.each([...refusals('lower', 'lift'), ...refusals('upper', 'land')])(
  '$script without the right to $command',
  async ({ side, command }) => {
    await elevateSome();
    await redis.acl('SETUSER', side, `-${command}`);
    const error = await tryInVain();
    if (error) expect(error.message).toMatch(/can't run this command|NOPERM/);
    await redis.acl('SETUSER', side, `+${command}`);
    await carry();
    expect(await found()).toEqual(ALL);
  },
);

test.each(refusals('lower', 'epoch'))('$script without the right to $command', async ({ command }) => {
  await elevate('a', 2);
  await carry();
  await redis.hset(LOWER.lane('up'), 'number', 0); // set back: the next transit is in doubt
  await elevate('a', 3);
  await lower!.laneSource('up').lift(['a'], LIMITS);
  await redis.acl('SETUSER', 'lower', `-${command}`);
  expect(await tryInVain()).toBeDefined();
  await redis.acl('SETUSER', 'lower', `+${command}`);
  await carry();
  expect(await found()).toEqual({ ...ALL, arrived: [5, 0, 0], dead: [] });
});

const KEYS: Record<string, string> = {
  'lane below': LOWER.lane('up'),
  'transit below': LOWER.transit('up'),
  'registry of outboxes below': LOWER.outboxes,
  'counts below': LOWER.counts,
  'landed above': UPPER.landed,
  'counts above': UPPER.counts,
  'registry of queues above': UPPER.queues,
  'registry of outboxes above': UPPER.outboxes,
  'dead above': UPPER.dead,
  'letters above': UPPER.letters,
  'serial above': UPPER.serial,
};

/** Puts something else there, and what was there aside. Returns a function that mends it. */
async function spoil(key: string): Promise<() => Promise<void>> {
  const existed = (await redis.exists(key)) === 1;
  if (existed) await redis.rename(key, 'aside');
  await redis.xadd(key, '*', 'not', 'this');
  return async () => {
    await redis.del(key);
    if (existed) await redis.rename('aside', key);
  };
}

test.each(Object.keys(KEYS))('the %s holds something else: nothing goes, and then all goes', async (name) => {
  await elevateSome();
  const mend = await spoil(KEYS[name]!);
  expect((await tryInVain())?.message).toMatch(/WRONGTYPE/);
  await mend();
  await carry();
  expect(await found()).toEqual(ALL);
});

test('an outbox that is no list is told, and stops no other', async () => {
  await elevateSome();
  const mend = await spoil(LOWER.outbox('a'));
  await carry();
  expect(await found()).toMatchObject({ arrived: [0, 2, 2], twice: 0 });
  const source = lower!.laneSource('up');
  await source.lift(await source.waitingQueues(), LIMITS);
  expect(source.noList).toEqual(['a']);
  expect((await lower!.status.outboxes()).map(({ queue, depth }) => [queue, depth])).toEqual([['a', 0]]);
  await mend();
  await carry();
  expect(await found()).toEqual(ALL);
});

test('what would land where no list is is among the dead, with its reason, and stops no other', async () => {
  await elevateSome();
  const mend = await spoil(UPPER.queue('a'));
  const transit = (await lower!.laneSource('up').lift(['a', 'b'], LIMITS))!;
  expect(await upper!.laneTarget().land(transit, options)).toMatchObject({ landing: 'landed', noList: ['a'] });
  await carry();
  await mend();
  const { arrived, dead, left } = await found();
  expect({ arrived, left }).toEqual({ arrived: [0, 2, 2], left: 0 });
  expect(dead).toEqual([...Array<string>(5).fill('a: the key of its queue is no list'), 'deep: hop limit']);
  await upper!.deadLetters.requeueAll('a');
  expect(await found()).toEqual(ALL);
});

test('large data whose marble may not be pushed are not made to last', async () => {
  const large = { name: newId(), bytes: 4, data: 'data' };
  const header = { id: newId(), attempt: 0, sentAt: 1, type: 'j', large } as const;
  await lower!.push([{ kind: 'up', queue: 'a', large, envelope: encodeEnvelope(header, '') }]);
  const transit = (await lower!.laneSource('up').lift(['a'], LIMITS))!;
  const timesToLive = async () => Promise.all((await redis.keys(UPPER.data('*'))).map((key) => redis.ttl(key)));
  await redis.acl('SETUSER', 'upper', '-lpush');
  await expect(upper!.laneTarget().land(transit, options)).rejects.toThrow(/LPUSH/);
  const [leftBehind] = await timesToLive();
  expect(leftBehind).toBeGreaterThan(0);
  await redis.acl('SETUSER', 'upper', '+lpush');
  expect(await upper!.laneTarget().land(transit, options)).toMatchObject({ landing: 'landed' });
  expect((await timesToLive()).filter((seconds) => seconds === -1)).toHaveLength(1);
});
