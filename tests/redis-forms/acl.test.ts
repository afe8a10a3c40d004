import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildMonitor, readConfig } from '@marblerun/monitor';
import { RedisServer, redisCli, until } from '@marblerun/test-support';
import { Communicator, keysOf } from 'marblerun/communicator';
import { basicStory, runOfStory } from './basic-story.js';

/** The rules as docs/SECURITY.md has them, in the format of an ACL file. */
const page = readFileSync(new URL('../../../docs/SECURITY.md', import.meta.url), 'utf8');
const rules = new Map([...page.matchAll(/^user (\w+) .*$/gm)].map(([line, name]) => [name!, line.split(' ').slice(2)]));
const commandsOf = (user: string) => rules.get(user)!.filter((word) => word.startsWith('+')).map((word) => word.slice(1));
/** Redis itself allows these to everybody. */
const OPEN_TO_ALL = ['auth', 'hello', 'quit', 'reset'];

let server: RedisServer;
const admin = (...command: string[]) => redisCli(server.port, ...command);
const form = (username: string) => ({ host: '127.0.0.1', port: server.port, username, password: 'password' });

/** A user with the documented rights on the keys of these runs instead of `main`. */
async function allow(user: 'worker' | 'monitor', ...runs: string[]): Promise<void> {
  const words = rules.get(user)!.filter((word) => !word.startsWith('~'));
  const keys = runs.map((run) => `~${keysOf(run).layout.replace(/layout$/, '*')}`);
  await admin('ACL', 'SETUSER', user, 'reset', ...words, ...keys);
}

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

test('MarbleRun works with the documented rights, and uses every one of them', async () => {
  const run = runOfStory();
  await allow('worker', run, `${run}-upper`);
  await allow('monitor', run, `${run}-upper`);
  await admin('CONFIG', 'RESETSTAT');
  await basicStory(form('worker'), { run, services: form('monitor') });
  const bus = new Communicator({ redis: form('worker'), run });
  await bus.set('value', 'kept', 60_000);
  expect(await bus.get('value')).toBe('kept');
  await bus.dump('done');
  await bus.destroy('done');
  await bus.close();
  const stats = await admin('INFO', 'commandstats');
  const [used, rejected] = [/calls=[1-9]/, /rejected_calls=[1-9]/].map((field) =>
    stats.split('\n').flatMap((line) => (field.test(line.split('rejected').join('\nrejected').split('\n')[field.source.startsWith('calls') ? 0 : 1] ?? '') ? [/^cmdstat_([^:]+)/.exec(line)?.[1]] : [])),
  );
  expect(rejected).toEqual([]);
  expect(commandsOf('monitor').filter((command) => !used!.includes(command))).toEqual([]);
});

test.each(['worker', 'monitor'] as const)('the %s can run nothing but that', async (user) => {
  await allow(user, 'main');
  const names = (await admin('COMMAND', 'LIST')).split('\n');
  const allowed: string[] = [];
  for (const name of names) {
    const dry = await admin('ACL', 'DRYRUN', user, ...name.split('|'), ...Array<string>(8).fill('x')).catch(String);
    if (!/has no permissions to run/.test(dry)) allowed.push(name);
  }
  expect(names.length).toBeGreaterThan(200);
  expect(allowed.filter((name) => !OPEN_TO_ALL.includes(name)).sort()).toEqual([]);
});
