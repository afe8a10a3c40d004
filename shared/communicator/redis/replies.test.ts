/** Replies are read whole and in order, however their bytes are split. */
import { expect, test } from '@jest/globals';
import { ReplyReader } from './replies.js';

/** Reads the bytes in pieces. Returns the replies as text. */
function read(bytes: Buffer, pieces: (at: number) => number, into: 'space' | 'write' = 'space'): string[] {
  const replies: string[] = [];
  const reader = new ReplyReader((reply) => {
    replies.push(
      reply === undefined ? 'nothing' : reply instanceof Error ? `error ${reply.message}` : reply.toString(),
    );
  });
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + pieces(at));
    if (into === 'write') {
      reader.write(piece);
      at += piece.length;
    } else {
      const copied = piece.copy(reader.space);
      expect(copied).toBeGreaterThan(0);
      reader.came(copied);
      at += copied;
    }
  }
  return replies;
}

const value = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const TEXTS = ['', 'x', '\r\n', '$3\r\nabc\r\n', 'ä\n€', '-ERR no', 'a'.repeat(50)];
const ALL = Buffer.from(`+OK\r\n${TEXTS.map(value).join('')}$-1\r\n-WRONGTYPE not a text\r\n${value('last')}`);
const READ = ['OK', ...TEXTS, 'nothing', 'error WRONGTYPE not a text', 'last'];

test('replies that are split at any byte', () => {
  for (let cut = 1; cut < ALL.length; cut++) {
    expect(read(ALL, (at) => (at < cut ? cut - at : Infinity))).toEqual(READ);
  }
});

test.each([1, 2, 3, 7, 1000])('replies that come %i bytes at a time', (n) => {
  expect(read(ALL, () => n)).toEqual(READ);
  expect(read(ALL, () => n, 'write')).toEqual(READ);
});

test('a value that is longer than the buffer, between small ones, in pieces of any size', () => {
  const long = 'long value '.repeat(300_000);
  const texts = ['first', long, 'between', 'x'.repeat(700_000), 'y'.repeat(700_000), long, 'last'];
  const bytes = Buffer.from(texts.map(value).join(''));
  for (const n of [65_536, 100_003, 1_000_000]) expect(read(bytes, () => n)).toEqual(texts);
});

test('a value is not taken before its last byte has come', () => {
  const taken: unknown[] = [];
  const reader = new ReplyReader((reply) => taken.push(String(reply)));
  reader.write(Buffer.from('$5\r\nabcde\r'));
  expect(taken).toEqual([]);
  reader.write(Buffer.from('\n'));
  expect(taken).toEqual(['abcde']);
});

test.each([
  ':1\r\n',
  '*1\r\n',
  '$x\r\n',
  '$3\r\nabcde\r\n',
  '$3\r\nab\r\n\r\n',
  'HTTP/1.1 400\r\n',
  '+OK\n',
  'x'.repeat(20_000),
])('what is no reply is refused: %j', (text) => {
  expect(() => read(Buffer.from(text), () => Infinity)).toThrow('no reply of Redis');
});
