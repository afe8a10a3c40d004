/**
 * The list of users that deploy/redis/users.sh writes, loaded into a Redis.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RedisServer, redisCli } from '@marblerun/test-support';
import { keysOf } from '@marblerun/internal';

const SCRIPT = fileURLToPath(new URL('../../../deploy/redis/users.sh', import.meta.url));
const USERS = 'one worker main\nboth worker main upper\nwatcher monitor upper\nadmin admin\n';
const NAMES = ['one', 'both', 'watcher', 'admin'];

let logins: string;
beforeEach(async () => {
  logins = await mkdtemp(join(tmpdir(), 'marblerun-users-'));
  for (const name of [...NAMES, 'redis']) await mkdir(join(logins, name));
});
afterEach(() => rm(logins, { recursive: true }));

const write = (users = USERS) =>
  promisify(execFile)('sh', [SCRIPT], { env: { ...process.env, USERS: users, LOGINS: logins } });
const aclFile = () => join(logins, 'redis', 'users.acl');
const password = (name: string) => readFile(join(logins, name, 'password'), 'utf8');

test('each user reaches the keys of its runs alone; without a password nobody does more than PING', async () => {
  await write();
  const server = await RedisServer.start(['--aclfile', aclFile()]);
  const as = async (name: string, ...command: string[]) =>
    redisCli(['-p', String(server.port), '--user', name, '-a', await password(name)], ...command).catch(String);
  try {
    const [main, upper] = [keysOf('main').layout, keysOf('upper').layout];
    const seen = await Promise.all(NAMES.flatMap((name) => [as(name, 'GET', main), as(name, 'GET', upper)]));
    const may = seen.map((answer) => !answer.includes('NOPERM'));
    expect(may).toEqual([...[true, false], ...[true, true], ...[false, true], ...[true, true]]);
    const withoutLogin = (...command: string[]) => redisCli(server.port, ...command).catch(String);
    expect(await withoutLogin('PING')).toMatch(/NOAUTH/);
    const asHealth = (...command: string[]) =>
      redisCli(['-p', String(server.port), '--user', 'health', '-a', 'any'], ...command).catch(String);
    expect(await asHealth('PING')).toBe('PONG');
    expect(await asHealth('GET', main)).toMatch(/NOPERM/);
    expect(await asHealth('INFO')).toMatch(/NOPERM/);
  } finally {
    await server.stop();
  }
});

test('passwords are made once, are long, and stay out of the list', async () => {
  await write();
  const first = await Promise.all(NAMES.map(password));
  expect(new Set(first).size).toBe(NAMES.length);
  for (const each of first) expect(each).toMatch(/^[0-9a-f]{64}$/);
  await write();
  expect(await Promise.all(NAMES.map(password))).toEqual(first);
  const list = await readFile(aclFile(), 'utf8');
  for (const each of first) expect(list).not.toContain(each);
});

test.each([
  ['a password that is not there and cannot be made', 'stranger worker main', /no password of "stranger"/],
  ['a part that is not in the list of rights', 'one wrker main', /no part "wrker"/],
  ['a part whose name is a pattern', 'one .* main', /no part "\.\*"/],
])('%s is told, and the list that was there stays', async (_what, users, message) => {
  await write();
  await writeFile(join(logins, 'one', 'password'), 'given from outside\n');
  const before = await readFile(aclFile(), 'utf8');
  await expect(write(`${users}\n`)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  expect(await readFile(aclFile(), 'utf8')).toBe(before);
  expect(await readdir(join(logins, 'redis'))).toContain('users.acl');
});
