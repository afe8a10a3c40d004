import { expect, test } from '@jest/globals';
import { wordsOf, type Words } from './header-words.js';

const said = (words: string): Words => wordsOf(Buffer.from(`<${words}>`), 1, 1 + Buffer.byteLength(words));

test('each word says its own, and a member has a place of its own', () => {
  expect(said('m=7 b=night B=1zK4 o=spoke h=3')).toEqual({
    member: '1zK4',
    others: { maxAttempts: 7, batch: 'night', origin: 'spoke', hops: 3 },
  });
});

test('a member that says nothing else has no others', () => {
  expect(said('B=1zK4')).toEqual({ member: '1zK4', others: undefined });
});

test('words that are the same again are not read again, and those of others in between are', () => {
  const first = said('B=1zK4 l=5');
  expect(said('B=1zK4 l=5')).toBe(first);
  expect(said('B=1zK5 l=5')).toEqual({ member: '1zK5', others: { timeLimitMs: 5 } });
  expect(said('B=1zK4 l=50')).toEqual({ member: '1zK4', others: { timeLimitMs: 50 } });
  expect(said('B=1zK4 l=5')).toEqual(first);
});

test('what is remembered is a copy: a buffer that is used again changes nothing', () => {
  const bytes = Buffer.from('B=aaaa');
  expect(wordsOf(bytes, 0, 6).member).toBe('aaaa');
  bytes.write('B=bbbb');
  expect(wordsOf(bytes, 0, 6).member).toBe('bbbb');
  expect(said('B=aaaa').member).toBe('aaaa');
});

test('an unknown word in upper case is refused each time, also where it comes twice', () => {
  const unknown = expect.objectContaining({ code: 'MR_DATA_UNREADABLE' });
  for (let i = 0; i < 2; i++) expect(() => said('Z=1')).toThrow(unknown);
});
