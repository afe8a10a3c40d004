/** A handler is tried without Redis: with the data that it would get, and against the rules of a real marble. */
import { expect, test } from '@jest/globals';
import type { Handler } from '../marble/index.js';
import { fakeMarble } from './index.js';

const handler: Handler<{ url: string }> = async ({ url }, page) => {
  await page.report(`reads ${url}`);
  if (page.attempt > 1) page.retryIn(5000);
  page.send('pages', { url: `${url}/1` }, { delayMs: 10 });
  page.expedite('urgent', url);
  page.elevate('above', Buffer.from('bytes'));
};

test('it tells what a handler sent, reported and said of retries', async () => {
  const marble = fakeMarble({ url: 'a' }, { queue: 'pages', attempt: 2, batch: 'job-1', id: 'one' });
  await handler(marble.data, marble);
  expect(marble.sent).toMatchObject([
    { how: 'send', queue: 'pages', data: { url: 'a/1' }, delayMs: 10 },
    { how: 'expedite', queue: 'urgent', data: 'a', delayMs: 0 },
    { how: 'elevate', queue: 'above', data: Buffer.from('bytes') },
  ]);
  expect(marble).toMatchObject({ queue: 'pages', attempt: 2, batch: 'job-1', id: 'one', failures: [] });
  expect(marble.reports).toEqual(['reads a']);
  expect(marble.retriesInMs).toBe(5000);
});

test('its data is what arrives: a Date is a string', () => {
  const { data } = fakeMarble<unknown>({ at: new Date(0), none: undefined });
  expect(data).toEqual({ at: '1970-01-01T00:00:00.000Z' });
});

test('bytes and what a codec makes of data arrive too', () => {
  expect(fakeMarble(Buffer.from('x')).data).toEqual(Buffer.from('x'));
  const codec = { encode: (data: unknown) => `<${String(data)}>`, decode: (bytes: Buffer) => bytes.toString() };
  expect(fakeMarble('x', { codec }).data).toBe('<x>');
});

test.each([
  ['a name', () => fakeMarble(1).send('no name', 1), 'MR_BAD_NAME'],
  ['an option', () => fakeMarble(1).send('q', 1, { delayMs: -1 }), 'MR_BAD_OPTION'],
  ['data', () => fakeMarble(1).send('q', () => 1), 'MR_DATA_UNENCODABLE'],
  ['its own data', () => fakeMarble(() => 1), 'MR_DATA_UNENCODABLE'],
  ['its own queue', () => fakeMarble(1, { queue: '' }), 'MR_BAD_NAME'],
])('it refuses %s as a real one does', (_, act, code) => {
  expect(act).toThrow(expect.objectContaining({ code }));
});

test('a lost lease aborts its signal', () => {
  const marble = fakeMarble(1);
  expect(marble.signal.aborted).toBe(false);
  marble.loseLease();
  expect(marble.signal.reason).toMatchObject({ code: 'MR_LEASE_LOST' });
});
