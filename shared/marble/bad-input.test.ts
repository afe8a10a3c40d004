/**
 * Bad input: each mistake has a stable code and a message that names the field, the value and what is allowed.
 */
import { afterAll, expect, test } from '@jest/globals';
import { freshBus } from '@marblerun/test-support';
import { Communicator } from '../communicator/communicator.js';
import { isMarbleRunError } from '../errors.js';
import { Marble } from './marble.js';
import { resolveOptions } from './options.js';

const bus = freshBus();
const marble = new Marble({ ...bus, maxDataBytes: 100 });
const peek = new Communicator(bus);
afterAll(() => Promise.all([marble.close(), peek.close()]));

function told(work: () => unknown, code: string, message: RegExp): void {
  expect(work).toThrow(message);
  expect(work).toThrow(expect.objectContaining({ code }));
}

test.each<[object, RegExp]>([
  [{ leaseMS: 1 }, /Marble\.leaseMS: there is no such option; did you mean "leaseMs"\?/],
  [{ colour: 1 }, /Marble\.colour: there is no such option; known: redis, run/],
  [{ leaseMs: 299 }, /Marble\.leaseMs: 299 is not allowed; allowed: a whole number from 300 to/],
  [{ leaseMs: '15s' }, /Marble\.leaseMs: "15s" is not allowed/],
  [{ leaseMs: 900, heartbeatMs: 301 }, /Marble\.heartbeatMs: 301 .* a third of leaseMs \(900\)/],
  [{ heartbeat: 'fibre' }, /Marble\.heartbeat: "fibre" is not allowed; allowed: "thread" or "loop"/],
  [{ monitored: 'no' }, /Marble\.monitored: "no" is not allowed; allowed: true or false/],
  [{ maxAttempts: 0 }, /Marble\.maxAttempts: 0 is not allowed; allowed: a whole number from 1/],
  [{ maxDataBytes: 1.5 }, /Marble\.maxDataBytes: 1.5/],
  [{ redis: 'http://here' }, /Marble\.redis: a URL of another scheme is not allowed; allowed: a URL such as redis:/],
  [{ codec: { encode: String } }, /Marble\.codec: an object is not allowed; allowed: an object with encode and decode/],
  [
    { redis: { host: 'x', retryStrategy: () => 1 } },
    /Marble\.redis\.retryStrategy: there is no such option; known: host/,
  ],
  [{ redis: { host: 'x', port: 0 } }, /Marble\.redis\.port: 0 is not allowed; allowed: a whole number from 1/],
])('new Marble(%p) is refused with MR_BAD_OPTION', (options, message) => {
  told(() => new Marble(options), 'MR_BAD_OPTION', message);
});

test('a bad run name is refused with MR_BAD_NAME', () => {
  told(() => new Marble({ run: 'a b' }), 'MR_BAD_NAME', /run: "a b" is not a run name; allowed: 1 to 64 of/);
});

test('the environment is checked like options, and options outweigh it', () => {
  told(
    () => resolveOptions({}, { MARBLERUN_REDIS: 'localhost' }),
    'MR_BAD_OPTION',
    /MARBLERUN_REDIS: text without redis:/,
  );
  told(() => resolveOptions({}, { MARBLERUN_RUN: '{x}' }), 'MR_BAD_NAME', /run: "\{x\}"/);
  const env = { MARBLERUN_REDIS: 'redis://env:1', REDIS_URL: 'redis://other:1', MARBLERUN_RUN: 'env' };
  expect(resolveOptions({}, env)).toMatchObject({ redis: 'redis://env:1', run: 'env' });
  expect(resolveOptions({}, { REDIS_URL: 'redis://other:1' })).toMatchObject({ redis: 'redis://other:1', run: 'main' });
  expect(resolveOptions({ run: 'mine' }, env)).toMatchObject({ run: 'mine' });
  const none = { MARBLERUN_REDIS_FILE: '/none' };
  told(() => resolveOptions({}, none), 'MR_BAD_OPTION', /MARBLERUN_REDIS_FILE: cannot read the file "\/none" \(ENOENT/);
  const long = { MARBLERUN_REDIS: '{"cluster":["a:1"],"db":1}' };
  told(
    () => resolveOptions({}, long),
    'MR_BAD_OPTION',
    /MARBLERUN_REDIS\.db: 1 is not allowed; allowed: only 0 with a cluster/,
  );
});

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

test.each<[string, () => Promise<unknown>, string, RegExp]>([
  ['a bad queue name', () => marble.send('a b', 1), 'MR_BAD_NAME', /queue: "a b" is not a queue name; allowed/],
  ['a bad queue to wait on', () => marble.wait('{a}'), 'MR_BAD_NAME', /queue: "\{a\}"/],
  [
    'no queue to wait on',
    () => marble.wait([]),
    'MR_BAD_OPTION',
    /queues: an empty array is not allowed; allowed: the name/,
  ],
  ['a cycle', () => marble.send('a', cycle), 'MR_DATA_UNENCODABLE', /data: cannot encode it: .*circular.*; allowed/],
  [
    'a BigInt',
    () => marble.send('a', 1n),
    'MR_DATA_UNENCODABLE',
    /data: cannot encode it: a BigInt is not carried by JSON; use a string/,
  ],
  [
    'undefined',
    () => marble.send('a', undefined),
    'MR_DATA_UNENCODABLE',
    /data: undefined is not carried by JSON; use null/,
  ],
  ['a function', () => marble.send('a', () => 1), 'MR_DATA_UNENCODABLE', /data: a function is not carried by JSON/],
  ['too much', () => marble.send('a', 'x'.repeat(99)), 'MR_DATA_TOO_LARGE', /101 bytes when encoded; allowed: 100/],
  ['a send option', () => marble.send('a', 1, { delay: 1 } as object), 'MR_BAD_OPTION', /did you mean "delayMs"\?/],
  ['a bad id', () => marble.send('a', 1, { id: 'a b' }), 'MR_BAD_NAME', /send.id: "a b" is not an id/],
  ['a wait option', () => marble.wait('a', { timeout: 1 } as object), 'MR_BAD_OPTION', /did you mean "timeoutMs"\?/],
  ['a report', () => marble.report(7 as never), 'MR_BAD_OPTION', /report.message: 7 is not allowed/],
  ['finish with nothing held', () => marble.finish(), 'MR_NOTHING_HELD', /no marble is held; wait for one first/],
  ['fail with nothing held', () => marble.fail('x'), 'MR_NOTHING_HELD', /no marble is held/],
])('%s is refused, and nothing is sent', async (_what, call, code, message) => {
  const error: unknown = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isMarbleRunError(error, code as never)).toBe(true);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toContain(`(${code})`);
  expect(await peek.show()).toEqual([]);
});

test('a second wait at the same time is refused', async () => {
  const abort = new AbortController();
  const wait = marble.wait('a', { signal: abort.signal });
  await expect(marble.wait('a')).rejects.toMatchObject({ code: 'MR_BUSY' });
  abort.abort(new Error('over'));
  await expect(wait).rejects.toThrow('over');
});

test('work options are checked, and an unmonitored Marble cannot work', async () => {
  told(() => marble.work('a', () => 1, { concurency: 1 } as object), 'MR_BAD_OPTION', /did you mean "concurrency"\?/);
  told(() => marble.work('a', () => 1, { concurrency: 0 }), 'MR_BAD_OPTION', /work\.concurrency: 0 .* from 1 to 2000/);
  const unmonitored = new Marble({ ...bus, monitored: false });
  told(() => unmonitored.work('a', () => 1), 'MR_BAD_OPTION', /Marble\.monitored: false is not allowed/);
  await unmonitored.close();
});

test('a closed Marble says so, whatever is called', async () => {
  const closed = new Marble(bus);
  await closed.close();
  for (const call of [
    () => closed.wait('a'),
    () => closed.check('a'),
    () => closed.send('a', 1),
    () => closed.sendMany('a', [1]),
    () => closed.finish(),
    () => closed.fail('x'),
    () => closed.report('x'),
  ])
    await expect(call()).rejects.toMatchObject({ code: 'MR_CLOSED' });
  told(() => closed.work('a', () => 1), 'MR_CLOSED', /closed/);
});

test('what a Marble without the codec cannot read is said, and the marble is not lost', async () => {
  const coded = new Marble({ ...bus, codec: { encode: String, decode: String } });
  await coded.send('coded', 'x');
  await coded.close();
  await expect(marble.wait('coded')).rejects.toMatchObject({ code: 'MR_DATA_UNREADABLE' });
  await marble.fail('cannot read it', { retryInMs: 0 });
  expect(await peek.dump('coded')).toMatchObject([{ attempt: 1 }]);
});
