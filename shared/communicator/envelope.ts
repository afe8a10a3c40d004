/**
 * The envelope: one line of header before the data, and all that a waiting marble costs.
 *
 *     <id> <attempt> <sent, ms in base 36> <type>[ <letter>=<value>]...\n<data>
 *
 * `attempt` counts the deliveries that failed or were dropped so far (0 when sent). Scripts read
 * the first two words only, so anything may be added behind them. The type says how the data is
 * written: `j` JSON, `b` bytes, `c` a codec of the user's. What may go wrong: bytes that are no
 * envelope (written by something else) throw MR_DATA_UNREADABLE and are left where they are.
 */
import { randomBytes } from 'node:crypto';
import { MarbleRunError } from '../errors.js';

export interface Header {
  readonly id: string;
  /** Failed or dropped deliveries so far; a marble's `attempt` is one more. */
  readonly attempt: number;
  /** When it was sent, in ms since 1970 by the sender's clock. For people and metrics: nothing is decided by it. */
  readonly sentAt: number;
  readonly type: 'j' | 'b' | 'c';
  /** Deliveries allowed before it counts as dead; the worker's default where absent. */
  readonly maxAttempts?: number;
  readonly batch?: string;
  /** The run it was first elevated from. */
  readonly origin?: string;
  /** How often it, or the marble it came of, has been elevated. */
  readonly hops?: number;
}

export interface Envelope extends Header {
  readonly data: Buffer;
}

const LETTERS = { m: 'maxAttempts', b: 'batch', o: 'origin', h: 'hops' } as const;
const NUMBERS = new Set<string>(['maxAttempts', 'hops']);
const NEWLINE = 10;

/** The last two digits of an id: writing a number in base 36 is slow, so it is done once for each pair. */
const PAIRS = Array.from({ length: 36 * 36 }, (_, i) => i.toString(36).padStart(2, '0'));

/** Ids are unique by a random prefix per process and a counter: 13 to 17 characters, no system call per id. */
const idPrefix = randomBytes(7).toString('base64url');
let idHigh = 0;
let idLow = 0;
let idStart = `${idPrefix}.`;
export function newId(): string {
  if (idLow === PAIRS.length) {
    idLow = 0;
    idStart = `${idPrefix}.${(++idHigh).toString(36)}`;
  }
  return idStart + PAIRS[idLow++]!;
}

let lastMs = NaN;
let lastBase36 = '';
/** Marbles sent in one millisecond share the text of it. */
function base36(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms;
    lastBase36 = ms.toString(36);
  }
  return lastBase36;
}

/** A string where the data is text, so that the common case needs no Buffer. */
export function encodeEnvelope(header: Header, data: string | Buffer): string | Buffer {
  const line = encodeHeader(header);
  return typeof data === 'string' ? `${line}\n${data}` : Buffer.concat([Buffer.from(`${line}\n`), data]);
}

function encodeHeader(header: Header): string {
  let line = `${header.id} ${header.attempt} ${base36(header.sentAt)} ${header.type}`;
  if (header.maxAttempts !== undefined) line += ` m=${header.maxAttempts}`;
  if (header.batch !== undefined) line += ` b=${header.batch}`;
  if (header.origin !== undefined) line += ` o=${header.origin}`;
  if (header.hops !== undefined) line += ` h=${header.hops}`;
  return line;
}

/** The data is a view into `bytes`, not a copy. Throws MR_DATA_UNREADABLE. */
export function decodeEnvelope(bytes: Buffer): Envelope {
  const end = bytes.indexOf(NEWLINE);
  const words = end < 0 ? [] : bytes.toString('latin1', 0, end).split(' ');
  const [id, attempt, sent, type] = words;
  if (!id || !attempt || !sent || (type !== 'j' && type !== 'b' && type !== 'c') || !/^\d+$/.test(attempt)) {
    throw new MarbleRunError(
      'MR_DATA_UNREADABLE',
      `envelope: ${JSON.stringify(bytes.toString('latin1', 0, 60))} does not begin with "<id> <attempt> <sent> <type>"`,
    );
  }
  const basics = {
    id,
    attempt: Number(attempt),
    sentAt: parseInt(sent, 36),
    type,
    data: bytes.subarray(end + 1),
  } as const;
  return words.length === 4 ? basics : { ...basics, ...decodeExtras(words) };
}

function decodeExtras(words: string[]): Partial<Header> {
  const extras: Record<string, string | number> = {};
  for (const word of words.slice(4)) {
    const name = (LETTERS as Record<string, string | undefined>)[word.charAt(0)];
    if (name === undefined || word.charAt(1) !== '=') continue; // a newer version's: not ours to judge
    const value = word.slice(2);
    extras[name] = NUMBERS.has(name) ? Number(value) : value;
  }
  return extras;
}

/** The same marble one run higher: one more hop, its first run remembered, its attempts forgotten. */
export function elevated(envelope: Envelope, from: string): Buffer {
  const header: Header = { ...envelope, attempt: 0, hops: (envelope.hops ?? 0) + 1, origin: envelope.origin ?? from };
  return encodeEnvelope(header, envelope.data) as Buffer;
}
