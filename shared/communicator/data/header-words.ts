/**
 * The words of a header behind its type: `<letter>=<value>`.
 *
 * Marbles that lie together mostly say the same there, such as the batch that they are members of. So the words last
 * read are remembered with what they say. What may go wrong: a header has a word in upper case that this version does
 * not know. It throws MR_DATA_UNREADABLE.
 */
import { MarbleRunError } from '../../errors.js';
import type { Failure, Header, LargeData } from './header.js';

export interface Words {
  /** The batch that the marble is a member of. It has a place of its own, because nearly every other word is rare. */
  readonly member: string | undefined;
  /** All that the others say; undefined where there are none. */
  readonly others: Partial<Header> | undefined;
}

const NUMBERS: Record<string, keyof Header> = {
  m: 'maxAttempts',
  h: 'hops',
  e: 'expedited',
  l: 'timeLimitMs',
  d: 'suspicion',
  r: 'retryBaseMs',
  x: 'retryMaxMs',
};
const NAMES: Record<string, keyof Header> = { b: 'batch', o: 'origin', t: 'traceparent' };

export const NO_WORDS: Words = { member: undefined, others: undefined };

let lastBytes: Buffer = Buffer.alloc(0);
let lastWords = NO_WORDS;

/** Reads the words that lie between two places of an envelope. Throws MR_DATA_UNREADABLE. */
export function wordsOf(bytes: Buffer, from: number, end: number): Words {
  if (isLast(bytes, from, end)) return lastWords;
  const text = bytes.toString('latin1', from, end);
  const words = read(text.split(' '));
  lastBytes = Buffer.from(text, 'latin1'); // a copy, because a view would keep the whole reply of Redis
  lastWords = words;
  return words;
}

function isLast(bytes: Buffer, from: number, end: number): boolean {
  if (end - from !== lastBytes.length) return false;
  for (let i = 0; i < lastBytes.length; i++) if (bytes[from + i] !== lastBytes[i]) return false;
  return true;
}

function read(words: readonly string[]): Words {
  let member: string | undefined;
  const others: Record<string, unknown> = {};
  const failures: Failure[] = [];
  for (const word of words) {
    const letter = word.charAt(0);
    if (word.charAt(1) !== '=') continue;
    const value = word.slice(2);
    if (letter === 'B') member = value;
    else if (letter === 'f') failures.push(...readFailure(value));
    else if (NUMBERS[letter]) Object.assign(others, /^\d{1,15}$/.test(value) && { [NUMBERS[letter]]: Number(value) });
    else if (NAMES[letter]) others[NAMES[letter]] = value;
    else if (letter === 'D') others['large'] = readLarge(word);
    else if (/[A-Z]/.test(letter)) throw unknownWord(word); // a newer version wrote any other: it is not ours to judge
  }
  if (failures.length > 0) others['failures'] = failures;
  return { member, others: Object.keys(others).length > 0 ? others : undefined };
}

/** Reads where large data lie. Throws MR_DATA_UNREADABLE. */
function readLarge(word: string): LargeData {
  const large = largeIn(word);
  if (!large) throw unknownWord(word);
  return large;
}

/** Reads where large data lie from the word that tells it; undefined where this is none. */
export function largeIn(word: string): LargeData | undefined {
  const [, name, bytes] = /^D=([A-Za-z0-9_.-]{1,64})\/(\d{1,15})$/.exec(word) ?? [];
  return name === undefined ? undefined : { name, bytes: Number(bytes) };
}

/**
 * The error for an unknown word in upper case. Whoever finishes the marble must know such a word, or counts would be
 * wrong for ever.
 */
function unknownWord(word: string): MarbleRunError {
  const text = `envelope: its header has ${JSON.stringify(word.slice(0, 60))}, which this version of MarbleRun does not know`;
  return new MarbleRunError('MR_DATA_UNREADABLE', text);
}

/** Reads one failure. The history is for people only, so a part that cannot be read is left out. */
function readFailure(latin1: string): Failure[] {
  try {
    return [JSON.parse(Buffer.from(latin1, 'latin1').toString()) as Failure];
  } catch {
    return [];
  }
}
