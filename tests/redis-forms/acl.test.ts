import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { buildMonitor, readConfig } from '@marblerun/monitor';
import { RedisServer, freshBus, redisCli, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Marble } from 'marblerun';
import { holdersOf, keysOf } from '@marblerun/internal';
import { Communicator, encodeEnvelope } from 'marblerun/communicator';
import { basicStory } from './basic-story.js';

jest.setTimeout(300_000);

/** The lists of rights: a line is a part and its rules. */
const list = readFileSync(new URL('../../../deploy/redis/rights.acl', import.meta.url), 'utf8');
const rules = new Map([...list.matchAll(/^(\w+) (.*)$/gm)].map(([, part, words]) => [part!, words!.split(' ')]));
const commandsOf = (user: string) =>
  rules
    .get(user)!
    .filter((word) => word.startsWith('+'))
    .map((word) => word.slice(1));
/** Commands that Redis itself allows to everybody. */
const OPEN_TO_ALL = ['auth', 'hello', 'quit', 'reset'];

let server: RedisServer;
const admin = (...command: string[]) => redisCli(server.port, ...command);
const form = (username: string) => ({ host: '127.0.0.1', port: server.port, username, password: 'password' });

/** Makes a user with the documented rights on the keys of these runs instead of `main`. */
async function allow(user: 'worker' | 'monitor' | 'sender', ...runs: string[]): Promise<void> {
  const keys = runs.map((run) => `~${keysOf(run).layout.replace(/layout$/, '*')}`);
  await admin('ACL', 'SETUSER', user, 'reset', 'on', '>password', ...rules.get(user)!, ...keys);
}

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

test('MarbleRun works with the documented rights, and uses every one of them', async () => {
  const { run } = freshBus('');
  await allow('worker', run, `${run}-upper`);
  await allow('monitor', run, `${run}-upper`);
  await admin('CONFIG', 'RESETSTAT');
  await basicStory(form('worker'), { run, monitor: form('monitor') });
  await useTheRest(run);
  const monitor = new Communicator({ redis: form('monitor'), run });
  expect(await monitor.status.durability()).toMatchObject({ appendonly: false, appendfsync: 'everysec' });
  await monitor.close();
  const stats = (await admin('INFO', 'commandstats')).split('\n');
  const having = (field: RegExp) => stats.filter((line) => field.test(line)).map((line) => /_([^:]+)/.exec(line)?.[1]);
  expect(having(/rejected_calls=[1-9]/)).toEqual(['info']); // each process asks: does this Redis evict?
  const unused = commandsOf('monitor').filter((command) => !having(/:calls=[1-9]/).includes(command));
  // This is used only where Redis's clock went back.
  expect(unused).toEqual(['zscan']);
  expect(commandsOf('worker').filter((command) => !commandsOf('monitor').includes(command))).toEqual([]);
});

/** Uses the rights that the story does without. */
async function useTheRest(run: string): Promise<void> {
  const bus = new Communicator({ redis: form('worker'), run });
  try {
    await bus.set('value', 'kept', 60_000);
    expect(await bus.get('value')).toBe('kept');
    await bus.push([
      { kind: 'back', queue: 'rest', envelope: encodeEnvelope({ id: '1', attempt: 0, sentAt: 1, type: 'j' }, '1') },
    ]);
    expect(await bus.dump('rest')).toHaveLength(1);
    expect(await bus.destroy('rest')).toBe(1);
    await useLargeData(bus, run);
    const unmonitored = new Marble({ redis: form('worker'), run, monitored: false });
    const waiting = unmonitored.wait('rest');
    await until('it waits', async () => (await admin('CLIENT', 'LIST')).includes('cmd=brpop'));
    await admin('CLIENT', 'KILL', 'USER', 'worker'); // so the successor ends its predecessor
    await bus.push([
      { kind: 'back', queue: 'rest', envelope: encodeEnvelope({ id: '2', attempt: 0, sentAt: 1, type: 'j' }, '2') },
    ]);
    expect(await waiting).toBe(2);
    expect(await unmonitored.wait(['rest', 'more'], { timeoutMs: 20 })).toBeUndefined();
    await unmonitored.close();
    expect(await admin('INFO', 'commandstats')).toContain('cmdstat_client|unblock'); // from the story, when it closed
  } finally {
    await bus.close();
  }
}

async function useLargeData(bus: Communicator, run: string): Promise<void> {
  const large = { name: 'rest', bytes: 4, data: 'data' };
  const envelope = encodeEnvelope({ id: '3', attempt: 0, sentAt: 1, type: 'b', large }, '');
  await bus.push([{ kind: 'back', queue: 'large', envelope, large }]);
  expect(await bus.pop(['large'])).toMatchObject([{ envelope: { data: Buffer.from('data') } }]);
  await admin('SET', keysOf(run).data('nobody'), 'data');
  const monitor = new Communicator({ redis: form('monitor'), run });
  const nobody = { name: 'nobody', bytes: 4 };
  expect(await monitor.largeData.beginning(nobody, 2)).toEqual(Buffer.from('da'));
  for (const unneeded of [0, 1]) expect(await monitor.largeDataSearch.find()).toMatchObject({ there: 1, unneeded });
  await monitor.close();
}

test.each(['worker', 'monitor'] as const)('the %s can run nothing but that, and QUIT and its like', async (user) => {
  await allow(user, 'main');
  const redis = new Redis(server.port);
  try {
    const names = (await redis.call('COMMAND', 'LIST')) as string[];
    const containers = new Set(names.filter((name) => name.includes('|')).map((name) => name.split('|')[0]));
    const verdicts = await Promise.all(
      names
        .filter((name) => !containers.has(name))
        .map(async (name) => ({ name, verdict: await dryRun(redis, user, name.split('|')) })),
    );
    const allowed = verdicts.filter(({ verdict }) => !verdict.includes('has no permissions to run'));
    expect(verdicts.length).toBeGreaterThan(200);
    expect(allowed.map(({ name }) => name).sort()).toEqual([...commandsOf(user), ...OPEN_TO_ALL].sort());
  } finally {
    redis.disconnect();
  }
});

/** Asks Redis what it would say, with the fewest arguments that the command takes. */
async function dryRun(redis: Redis, user: string, words: string[]): Promise<string> {
  for (let n = 0; ; n++) {
    const args = [...words, ...Array<string>(n).fill('x')];
    const verdict = String(await redis.call('ACL', 'DRYRUN', user, ...args).catch(String));
    if (!verdict.includes('wrong number of arguments') || n > 20) return verdict;
  }
}

test('no key of another run or of anybody else can be reached, also not by a script', async () => {
  await allow('worker', 'main');
  const asWorker = (...command: string[]) =>
    redisCli(['-p', String(server.port), '--user', 'worker', '-a', 'password'], ...command).catch(String);
  await admin('SET', 'other', 'secret');
  await admin('SET', keysOf('main2').layout, 'secret');
  await admin('SET', keysOf('main').layout, '1');
  expect(await asWorker('GET', keysOf('main').layout)).toBe('1');
  for (const key of ['other', keysOf('main2').layout]) {
    expect(await asWorker('GET', key)).toMatch(/NOPERM.*keys/);
    expect(await asWorker('EVAL', "return redis.call('GET', KEYS[1])", '1', key)).toMatch(/NOPERM.*keys/);
    expect(await asWorker('EVAL', `return redis.call('GET', '${key}')`, '0')).toMatch(/can't (access|run)/);
  }
  for (const command of [
    'KEYS *',
    'SCAN 0',
    'CONFIG GET *',
    'FLUSHALL',
    'INFO',
    'CLIENT LIST',
    'PUBLISH x y',
    'ACL LIST',
  ])
    expect(await asWorker(...command.split(' '))).toMatch(/NOPERM/);
  expect(await asWorker('EVAL', "return redis.call('FLUSHALL')", '0')).toMatch(/can't (access|run)/);
  expect(await admin('GET', 'other')).toBe('secret');
});

test('a Monitor with the rights of a worker does its work, is ready, and says what it may not', async () => {
  const { run } = freshBus('');
  await allow('worker', run, `${run}-upper`);
  await basicStory(form('worker'), { run, seesConnections: false });
  const monitor = buildMonitor(
    readConfig({
      ...{ MARBLERUN_REDIS: JSON.stringify(form('worker')), MARBLERUN_RUN: run },
      ...{ MARBLERUN_LOG_LEVEL: 'silent', MARBLERUN_ORPHANS_MS: '100' },
    }),
  );
  try {
    monitor.start();
    await until('the search for orphans and the looks for connections are off', async () => {
      const reply = await monitor.server.inject('/health/ready');
      const isOff = (what: string) => new RegExp(`"${what}":"off: `).test(reply.body);
      return reply.statusCode === 200 && isOff('orphans') && isOff('connections');
    });
    const [about] = (await monitor.server.inject('/api/runs')).json<{ redis: object }[]>();
    expect(about?.redis).toEqual({});
  } finally {
    await monitor.server.close();
    await monitor.stop();
  }
});

test('a program with the rights of a sender sends all there is to send, and is told what it lacks to take', async () => {
  const { run } = freshBus('');
  await allow('sender', run);
  const marble = new Marble({ redis: form('sender'), run });
  try {
    await marble.send('q', 1);
    await marble.sendMany('q', [2, 3]);
    await marble.send('q', 4, { delayMs: 3_600_000 });
    await marble.expedite('q', 5);
    await marble.elevate('q', 6);
    await expect(marble.check('q')).rejects.toMatchObject({
      ...{ code: 'MR_REDIS_AUTH', message: expect.stringContaining('blmove (for work)') },
    });
    expect(await admin('LLEN', keysOf(run).queue('q'))).toBe('4');
  } finally {
    await marble.close();
  }
});

test.each(['rpush', 'hdel', 'client|unblock'])(
  'a Monitor without %s sweeps nothing, is not ready, and names it',
  async (command) => {
    const { run } = freshBus('');
    await allow('monitor', run);
    await admin('ACL', 'SETUSER', 'monitor', `-${command}`);
    const worker = new Communicator({ redis: server.url, run });
    const holding = holdersOf(worker).holding(holdersOf(worker).waitingConnection(1000), {
      ...{ leaseMs: 300, timeLimitMs: 0, maxAttempts: 5, description: {} },
    });
    await holding.enter();
    await worker.push([
      { kind: 'back', queue: 'q', envelope: encodeEnvelope({ id: '1', attempt: 0, sentAt: 1, type: 'j' }, '1') },
    ]);
    await holding.swap({ sources: ['q'], want: 1 });
    await worker.recovery.endLease(holding.id);
    const monitor = buildMonitor(
      readConfig({
        ...{ MARBLERUN_REDIS: JSON.stringify(form('monitor')), MARBLERUN_RUN: run },
        ...{ MARBLERUN_LOG_LEVEL: 'silent', MARBLERUN_SWEEP_MS: '20' },
      }),
    );
    try {
      monitor.start();
      await until('it says so', async () => {
        const reply = await monitor.server.inject('/health/ready');
        return reply.statusCode === 503 && reply.body.includes(`may not run ${command} (for`);
      });
      expect(await admin('HLEN', keysOf(run).held(holding.id))).toBe('2'); // the marble, and `op`
    } finally {
      await monitor.server.close();
      await monitor.stop();
      await worker.close();
    }
  },
);
