import { expect, jest, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { marbleOf, peek, sweep, waiting } from './testing.js';

const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
const warned = (code: string) => emitWarning.mock.calls.filter(([, options]) => options?.code === code).length;

test('each goes from marble to marble, of several queues in strict order, until the Marble is closed', async () => {
  const marble = marbleOf({ pollMs: 10 });
  await marble.sendMany('low', [3, 4]);
  await marble.sendMany('high', [1, 2]);
  const seen: unknown[] = [];
  for await (const held of marble.each(['high', 'low'])) {
    seen.push([held.queue, held.data, held.attempt]);
    expect([held.id, held.failures, held.batch]).toEqual([marble.id, [], undefined]);
    await held.finish();
    if (seen.length === 4) void marble.close();
  }
  expect(seen).toEqual([
    ['high', 1, 1],
    ['high', 2, 1],
    ['low', 3, 1],
    ['low', 4, 1],
  ]);
  expect((await peek.show()).map(({ depth, held }) => depth + held)).toEqual([0, 0]);
});

test.each(['close', 'signal'])('a loop that waits ends by itself on %s, and leaves nothing', async (how) => {
  const marble = marbleOf();
  const stop = new AbortController();
  const ended = (async () => {
    for await (const held of marble.each('q', { signal: stop.signal })) await held.finish();
  })();
  await until('it waits', async () => (await peek.status.holderCount()) === 1);
  if (how === 'signal') stop.abort();
  else await marble.close();
  await ended;
  await marble.close();
  expect(await peek.status.holderCount()).toBe(0);
});

test.each(['close', 'signal'])('what a loop has in hand on %s is given back as it was', async (how) => {
  const marble = marbleOf();
  await marble.sendMany('q', [1, 2]);
  const stop = new AbortController();
  let inHand: { readonly signal: unknown } | undefined;
  for await (const held of marble.each('q', { signal: stop.signal })) {
    inHand = held;
    if (how === 'signal') stop.abort();
    else await marble.close();
  }
  expect(await waiting('q')).toEqual([1, 2]);
  expect((await peek.dump('q')).map(({ attempt }) => attempt)).toEqual([0, 0]);
  if (how === 'close') expect(inHand?.signal).toMatchObject({ aborted: true, reason: { code: 'MR_CLOSED' } });
});

test('what is under way when the signal comes is still finished, and nothing more is taken', async () => {
  const marble = marbleOf();
  await marble.sendMany('q', [1, 2]);
  const stop = new AbortController();
  for await (const held of marble.each('q', { signal: stop.signal })) {
    stop.abort();
    await held.finish();
  }
  expect(await waiting('q')).toEqual([2]);
  expect((await peek.show())[0]).toMatchObject({ held: 0, counts: { finished: 1 } });
});

test('a loop that is left has its marble still in hand; a failed one comes back; an ended one is not finished twice', async () => {
  const marble = marbleOf();
  await marble.send('q', 1);
  for await (const held of marble.each('q')) {
    await held.fail(new Error('no'), { retryInMs: 0 });
    await expect(held.finish()).rejects.toMatchObject({ code: 'MR_NOTHING_HELD' });
    break;
  }
  for await (const held of marble.each('q')) {
    expect(held.attempt).toBe(2);
    break;
  }
  await marble.finish();
  expect((await peek.show())[0]).toMatchObject({ depth: 0, held: 0, counts: { finished: 1 } });
});

test('a marble that cannot be read fails, and the loop goes on', async () => {
  const codec = { encode: String, decode: (bytes: Uint8Array) => JSON.parse(String(bytes)) as unknown };
  const marble = marbleOf({ codec, maxAttempts: 1 });
  await marble.sendMany('q', ['{', '7']);
  for await (const held of marble.each('q')) {
    expect(held.data).toBe(7);
    await held.finish();
    break;
  }
  expect(await peek.deadLetters.list()).toMatchObject([{ reason: { error: { code: 'MR_DATA_UNREADABLE' } } }]);
});

test('waiting again without finish warns once', async () => {
  const marble = marbleOf();
  await marble.sendMany('q', [1, 2, 3]);
  const before = warned('MR_ABANDONED');
  for (let i = 0; i < 3; i++) await marble.wait('q');
  expect(warned('MR_ABANDONED')).toBe(before + 1);
  expect(String(emitWarning.mock.calls.at(-1)?.[0])).toMatch(/was not finished: .* call finish\(\) or fail\(\) first/);
  await marble.finish();
  expect(await sweep()).toMatchObject({ returned: 2 });
  const unmonitored = marbleOf({ monitored: false });
  for (let i = 0; i < 2; i++) await unmonitored.wait('q');
  expect(warned('MR_ABANDONED')).toBe(before + 1);
});
