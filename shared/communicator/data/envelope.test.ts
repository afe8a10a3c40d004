import { expect, jest, test } from '@jest/globals';
import { decodeEnvelope, elevated, encodeEnvelope, newId, plainEnvelope } from './envelope.js';
import type { Header } from './header.js';

const header: Header = { id: 'a.1', attempt: 2, sentAt: 1_700_000_000_123, type: 'j' };
const full: Header = { ...header, maxAttempts: 7, batch: 'night', origin: 'spoke', hops: 3 };
const bytes = (value: string | Buffer) => Buffer.from(value);

test.each([
  ['the least header', header],
  ['every field', full],
])('%s is read as it was written', (_what, given) => {
  const { data, ...read } = decodeEnvelope(bytes(encodeEnvelope(given, '{"x":1}')));
  expect(read).toEqual(given);
  expect(data.toString()).toBe('{"x":1}');
});

test('a plain envelope is what the least header makes, whatever the time and the type of the one before', () => {
  const now = jest.spyOn(Date, 'now');
  for (const [sentAt, type] of [
    [header.sentAt, 'j'],
    [header.sentAt, 'j'],
    [header.sentAt, 'c'],
    [1, 'c'],
    [2, 'j'],
  ] as const) {
    now.mockReturnValue(sentAt);
    expect(plainEnvelope('a.2', type, '{"x":1}')).toBe(
      encodeEnvelope({ id: 'a.2', attempt: 0, sentAt, type }, '{"x":1}'),
    );
  }
  now.mockRestore();
});

test('bytes pass unchanged, newlines and zeros too', () => {
  const data = Buffer.from([0, 10, 32, 255, 10]);
  expect(decodeEnvelope(bytes(encodeEnvelope({ ...header, type: 'b' }, data))).data).toEqual(data);
});

test('an envelope costs at most 48 bytes more than its data', () => {
  const line = encodeEnvelope({ ...header, id: newId(), attempt: 0, sentAt: Date.now() }, '');
  expect(line.length).toBeLessThanOrEqual(32); // a list entry costs some bytes itself
});

test('letters of a newer version are passed over', () => {
  expect(decodeEnvelope(Buffer.from('a 0 k0 j z=1 m=3 what\n1'))).toMatchObject({ id: 'a', maxAttempts: 3 });
});

test.each(['', 'no newline', '\n', 'a 0 k0\n1', 'a x k0 j\n1', 'a 0 k0 q\n1', ' 0 k0 j\n1'])(
  '%p is no envelope: MR_DATA_UNREADABLE',
  (text) => {
    expect(() => decodeEnvelope(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'MR_DATA_UNREADABLE' }));
  },
);

test('an elevated marble has one hop more, forgets its attempts and remembers its first run', () => {
  const sent = { ...header, attempt: 2, batch: 'night', hops: 0, timeLimitMs: 5 };
  const failed = String(encodeEnvelope(sent, '"ä b"')).replace('\n', ' f={"attempt":1,"at":5,"why":"failed"} z=new\n');
  const once = elevated(Buffer.from(failed), 'spoke');
  expect(once.hops).toBe(1);
  expect(decodeEnvelope(once.envelope)).toEqual({
    ...{ ...sent, attempt: 0, hops: 1, origin: 'spoke' },
    data: Buffer.from('"ä b"'),
  });
  expect(String(once.envelope)).toContain(' z=new '); // a newer version wrote it: it is not ours to leave out
  const twice = elevated(once.envelope, 'hub');
  expect(twice.hops).toBe(2);
  expect(decodeEnvelope(twice.envelope)).toMatchObject({ id: 'a.1', hops: 2, origin: 'spoke', batch: 'night' });
});

test('ids are unique', () => {
  const ids = Array.from({ length: 1000 }, newId);
  expect(new Set(ids).size).toBe(1000);
});

test('elevated, a marble is no member of a batch any more: that was one of the run below', () => {
  const envelope = encodeEnvelope({ id: 'a', attempt: 1, sentAt: 0, type: 'j', batch: 'x', member: '1zK4' }, '1');
  const { envelope: above } = elevated(Buffer.from(envelope), 'lower');
  const { member, batch, origin } = decodeEnvelope(above);
  expect({ member, batch, origin }).toEqual({ member: undefined, batch: 'x', origin: 'lower' });
});
