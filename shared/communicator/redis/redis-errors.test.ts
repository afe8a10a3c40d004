import dns from 'node:dns';
import { expect, jest, test } from '@jest/globals';
import { freePort } from '@marblerun/test-support';
import { MarbleRunError } from '../../errors.js';
import { Communicator } from '../communicator.js';
import { closing, redis } from '../testing.js';
import { RetryLater, inWords, verdictOn } from './redis-errors.js';

test.each([
  'LOADING Redis is loading the dataset in memory',
  'CLUSTERDOWN The cluster is down',
  'TRYAGAIN Multiple keys request during rehashing of slot',
  'ASK 1 127.0.0.1:7000',
  'BUSY Redis is busy running a script',
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk",
  'NOREPLICAS Not enough good replicas to write.',
  'UNBLOCKED force unblock from blocking operation',
  'NOSCRIPT No matching script.',
])('%s: nothing was done, and it passes', (message) => {
  expect(verdictOn(new Error(message))).toEqual({ kind: 'wait', state: message.split(' ')[0] });
});

test('other words for what passes: a Redis that is full of clients, an error that says of itself that it does', () => {
  const tooMany = 'max number of clients reached';
  expect(verdictOn(new Error(`ERR ${tooMany}`))).toEqual({ kind: 'wait', state: tooMany });
  expect(verdictOn(new RetryLater('READONLY a is a replica'))).toEqual({
    kind: 'wait',
    state: 'READONLY a is a replica',
  });
});

test('another node of the cluster has the slot', () => {
  expect(verdictOn(new Error('MOVED 3999 127.0.0.1:6381'))).toEqual({ kind: 'moved', to: '127.0.0.1:6381' });
});

test.each([
  ['NOAUTH Authentication required.', 'MR_REDIS_AUTH', /asks for a password/],
  [
    'WRONGPASS invalid username-password pair or user is disabled.',
    'MR_REDIS_AUTH',
    /refused the user name or password/,
  ],
  ['ERR invalid username-password pair', 'MR_REDIS_AUTH', /refused the user name or password/],
  ["NOPERM User x has no permissions to run the 'get' command", 'MR_REDIS_AUTH', /may not run this/],
  ["ERR The user executing the script can't run this command or subcommand", 'MR_REDIS_AUTH', /may not run this/],
  ['ERR user_script:7: NOPERM this user has no permissions', 'MR_REDIS_AUTH', /may not run this/],
  ['DENIED Redis is running in protected mode', 'MR_REDIS_AUTH', /accepts only clients of its own machine/],
  ['WRONGTYPE Operation against a key', 'MR_REDIS_WRONG_TYPE', /rename or delete it/],
  ["READONLY You can't write against a read only replica.", 'MR_REDIS_READONLY', /connect to its primary/],
  ['MASTERDOWN Link with MASTER is down', 'MR_REDIS_READONLY', /has lost its primary/],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'MR_REDIS_FULL', /over its maxmemory/],
  ['-OOM allow-oom flag is not set', 'MR_REDIS_FULL', /over its maxmemory/],
  ['self-signed certificate in certificate chain', 'MR_REDIS_TLS', /check tls, caFile/],
  ['ERR unknown command', 'MR_REDIS_REPLY', /Redis answered: ERR unknown command/],
] as const)('%s: %s, with what to do', (message, code, hint) => {
  const cause = new Error(message);
  const verdict = verdictOn(cause);
  expect(verdict).toMatchObject({ kind: 'refused', error: { code, cause } });
  const told = (verdict as { error: Error }).error.message;
  expect(told).toMatch(hint);
  expect(told).toMatch(/^\w/); // no place is told where none is known
});

test.each([
  ['Connection is closed.', ''],
  ["Stream isn't writeable and enableOfflineQueue options is false", ''],
  ['connect refused', 'ECONNREFUSED'],
  ['read ECONNRESET', 'ECONNRESET'],
  ['Socket timeout: no answer and no progress for 10 ms', ''],
  ['getaddrinfo', 'ENOTFOUND'],
  ['All sentinels are unreachable.', ''],
])('%s (%s): the connection broke, and it may have been done', (message, code) => {
  expect(verdictOn(Object.assign(new Error(message), code !== '' && { code }))).toEqual({ kind: 'cut' });
});

test('an error of ours is handed on as it is', () => {
  const error = new MarbleRunError('MR_CLOSED', 'the connection is closed');
  expect(verdictOn(error)).toEqual({ kind: 'refused', error });
});

test('what was sent is taken from an error, which may be printed with its cause', async () => {
  await redis.set('text', 'x');
  const cause: unknown = await redis.lpush('text', 'hunter2').catch((error: unknown) => error);
  expect((cause as { command: { args: string[] } }).command.args).toContain('hunter2');
  expect(verdictOn(cause).kind).toBe('refused');
  expect(JSON.stringify([cause, (cause as { command: object }).command])).not.toContain('hunter2');
});

test('a transaction that was discarded is judged by the command that failed in it', async () => {
  await redis.set('text', 'x');
  const cause: unknown = await redis
    .multi()
    .call('nonsense')
    .exec()
    .catch((error: unknown) => error);
  expect(verdictOn(cause)).toMatchObject({ kind: 'refused', error: { code: 'MR_REDIS_REPLY' } });
  expect((verdictOn(cause) as { error: Error }).error.message).toContain('unknown command');
});

test('where a name has several addresses that refuse, each is told', async () => {
  const addresses = ['127.0.0.2', '127.0.0.3'].map((address) => ({ address, family: 4 }));
  const port = await freePort();
  const several = (_host: string, _options: object, tell: (error: null, found: object[]) => void): void =>
    tell(null, addresses);
  const lookup = jest.spyOn(dns, 'lookup').mockImplementation(several as never);
  const bus = closing(new Communicator({ redis: `redis://several.test:${port}`, connectTimeoutMs: 300 }));
  const { message } = (await bus.connect().catch((error: unknown) => error as Error)) as Error;
  lookup.mockRestore();
  expect(message).toContain(`no answer from several.test:${port} for 300 ms`);
  expect(message).toContain(`connect ECONNREFUSED 127.0.0.2:${port}, connect ECONNREFUSED 127.0.0.3:${port}`);
  expect(inWords(new Error('one alone'))).toBe('one alone');
});
