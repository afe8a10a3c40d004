/**
 * A Redis that cannot be used: the first call says so, with a stable code and with what to do.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisServer, freePort, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';

let guarded: RedisServer;
let primary: RedisServer;
let replica: RedisServer;
beforeAll(async () => {
  guarded = await RedisServer.start(['--requirepass', 'the-password']);
  primary = await RedisServer.start();
  replica = await RedisServer.start(['--replicaof', '127.0.0.1', String(primary.port)]);
});
afterAll(() => Promise.all([guarded.stop(), primary.stop(), replica.stop()]));

async function firstCalls(redis: string) {
  const marble = new Marble({ redis, connectTimeoutMs: 500 });
  const results = await Promise.allSettled([marble.send('a', 1), marble.check('a')]);
  await marble.close();
  return results.map((result) => (result.status === 'rejected' ? (result.reason as unknown) : 'done'));
}

test('away at the start: MR_REDIS_UNAVAILABLE, with the address and the time', async () => {
  const port = await freePort();
  for (const error of await firstCalls(`redis://127.0.0.1:${port}`)) {
    expect(error).toMatchObject({ code: 'MR_REDIS_UNAVAILABLE' });
    expect((error as Error).message).toMatch(new RegExp(`no answer from 127.0.0.1:${port} for 500 ms .*ECONNREFUSED`));
  }
});

test.each([
  ['no password', '', /give it in the URL/],
  ['a wrong password', ':wrong@', /refused the user name or password/],
])('%s: MR_REDIS_AUTH, without the password in the message', async (_what, userinfo, message) => {
  for (const error of await firstCalls(`redis://${userinfo}127.0.0.1:${guarded.port}`)) {
    expect(error).toMatchObject({ code: 'MR_REDIS_AUTH' });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('wrong@');
  }
});

test('a percent sign in a password of a URL is guessed', async () => {
  for (const error of await firstCalls(`redis://:the%2Dpass@127.0.0.1:${guarded.port}`))
    expect((error as Error).message).toMatch(/refused the user name or password; in a URL write a % of theirs as %25/);
});

test.each(['never reached', 'gone while it waits', 'gone after a send'])(
  'close of an idle client ends at once and without an error where Redis is %s',
  async (what) => {
    const server = what === 'never reached' ? undefined : await RedisServer.start();
    const redis = server?.url ?? `redis://127.0.0.1:${await freePort()}`;
    const marble = new Marble({ redis, run: 'idle' });
    const peek = new Communicator({ redis, run: 'idle' });
    if (what === 'gone after a send') await marble.send('q', 1);
    const waiting = what === 'gone while it waits' ? marble.wait('q').catch((error: unknown) => error) : undefined;
    if (waiting) await until('it waits', async () => (await peek.status.holderCount()) === 1);
    await server?.stop();
    const began = performance.now();
    await marble.close();
    expect(performance.now() - began).toBeLessThan(1000);
    if (waiting) expect(await waiting).toMatchObject({ code: 'MR_CLOSED' });
    await peek.close();
  },
);

test('the right password: it works', async () => {
  expect(await firstCalls(`redis://:the-password@127.0.0.1:${guarded.port}`)).toEqual(['done', 'done']);
});

test('a read-only replica: MR_REDIS_READONLY, and what to connect to instead', async () => {
  for (const error of await firstCalls(replica.url)) {
    expect(error).toMatchObject({ code: 'MR_REDIS_READONLY' });
    expect((error as Error).message).toMatch(/read-only replica; connect to its primary/);
  }
});
