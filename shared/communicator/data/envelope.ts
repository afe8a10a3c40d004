/**
 * The envelope: one line of header before the data, and all that a waiting marble costs.
 *
 *     <id> <attempt> <sent, ms in base 36> <type>[ <letter>=<value>]...\n<data>
 *
 * `attempt` counts the deliveries that failed or were dropped so far (0 when sent). Scripts read the first two words,
 * and `m` and `f` when a delivery failed, so anything may be added behind them. The type says how the data is written:
 * `j` JSON, `b` bytes, `c` a codec of the user's. What may go wrong: something else wrote bytes that are not an
 * envelope. They throw MR_DATA_UNREADABLE and are left where they are.
 */
import { randomBytes } from 'node:crypto';
import { MarbleRunError } from '../../errors.js';
import type { Header, LargeData } from './header.js';
import { largeIn, NO_WORDS, wordsOf } from './header-words.js';

export interface Envelope extends Header {
  readonly data: Buffer;
}

/** A class, for the same reason as `Waiting` in `sender.ts`. */
class Received implements Envelope {
  // eslint-disable-next-line max-params -- made for each marble: an object for the parameters would be one more to collect
  constructor(
    readonly id: string,
    readonly attempt: number,
    readonly sentAt: number,
    readonly type: Header['type'],
    readonly data: Buffer,
    readonly member: string | undefined,
  ) {}
}

const NEWLINE = 10;
const SPACE = 32;
/** The types by their character codes. */
const TYPES: Record<number, Header['type'] | undefined> = { 0x6a: 'j', 0x62: 'b', 0x63: 'c' };

/** The last two digits of an id. Writing a number in base 36 is slow, so it is done once for each pair. */
const PAIRS = Array.from({ length: 36 * 36 }, (_, i) => i.toString(36).padStart(2, '0'));

/**
 * Makes an id. A random prefix per process and a counter make it unique: 13 to 17 characters, without a system call for
 * each.
 */
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
/** Writes a time in base 36. Marbles sent in one millisecond share the text. */
function base36(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms;
    lastBase36 = ms.toString(36);
  }
  return lastBase36;
}

/** Writes an envelope: a string where the data is text, so that the common case needs no Buffer. */
export function encodeEnvelope(header: Header, data: string | Buffer): string | Buffer {
  const line = encodeHeader(header);
  if (typeof data === 'string') return `${line}\n${data}`;
  const bytes = Buffer.allocUnsafe(line.length + 1 + data.length);
  bytes.write(line, 'latin1'); // a header has only latin1 characters, and is read as such
  bytes[line.length] = NEWLINE;
  data.copy(bytes, line.length + 1);
  return bytes;
}

let plainMs = NaN;
let plainType: Header['type'] | undefined;
let plainEnd = '';
/**
 * Writes the envelope of a marble that is sent now, and of which nothing is told beside its data. Nearly every send is of
 * this kind. Those of one millisecond share what follows the id, so that no header is made for each.
 */
export function plainEnvelope(id: string, type: Header['type'], data: string): string {
  const sentAt = Date.now();
  if (sentAt !== plainMs || type !== plainType) {
    [plainMs, plainType] = [sentAt, type];
    plainEnd = encodeHeader({ id: '', attempt: 0, sentAt, type }) + '\n';
  }
  return id + plainEnd + data;
}

/** Puts large data into the envelope that refers to them. */
export function fill(envelope: Envelope, data: Buffer): void {
  (envelope as { data: Buffer }).data = data;
}

function encodeHeader(header: Header): string {
  let line = `${header.id} ${header.attempt} ${base36(header.sentAt)} ${header.type}`;
  if (header.maxAttempts !== undefined) line += ` m=${header.maxAttempts}`;
  if (header.batch !== undefined) line += ` b=${header.batch}`;
  if (header.member !== undefined) line += ` B=${header.member}`;
  if (header.origin !== undefined) line += ` o=${header.origin}`;
  if (header.hops !== undefined) line += ` h=${header.hops}`;
  if (header.expedited !== undefined) line += ` e=${header.expedited}`;
  if (header.timeLimitMs !== undefined) line += ` l=${header.timeLimitMs}`;
  if (header.retryBaseMs !== undefined) line += ` r=${header.retryBaseMs}`;
  if (header.retryMaxMs !== undefined) line += ` x=${header.retryMaxMs}`;
  if (header.traceparent !== undefined) line += ` t=${header.traceparent}`;
  if (header.large !== undefined) line += largeWord(header.large);
  return line;
}

function largeWord({ name, bytes }: LargeData): string {
  return ` D=${name}/${bytes}`;
}

/**
 * Reads an envelope. The data is a view into `bytes`, not a copy. Every marble taken passes through here, so the id is
 * the only string that is made. Throws MR_DATA_UNREADABLE.
 */
export function decodeEnvelope(bytes: Buffer): Envelope {
  const idEnd = wordEnd(bytes, 0);
  const attemptEnd = wordEnd(bytes, idEnd + 1);
  const sentEnd = wordEnd(bytes, attemptEnd + 1);
  const typeEnd = wordEnd(bytes, sentEnd + 1);
  const end = bytes[typeEnd] === NEWLINE ? typeEnd : bytes.indexOf(NEWLINE, typeEnd);
  const spaced = bytes[idEnd] === SPACE && bytes[attemptEnd] === SPACE && bytes[sentEnd] === SPACE;
  const attempt = readNumber(bytes, idEnd + 1, attemptEnd, 10);
  const sentAt = readNumber(bytes, attemptEnd + 1, sentEnd, 36);
  const type = typeEnd === sentEnd + 2 ? TYPES[bytes[sentEnd + 1]!] : undefined;
  if (idEnd === 0 || !spaced || end < 0 || type === undefined || Number.isNaN(attempt + sentAt)) {
    throw new MarbleRunError(
      'MR_DATA_UNREADABLE',
      `envelope: ${JSON.stringify(bytes.toString('latin1', 0, 60))} does not begin with "<id> <attempt> <sent> <type>"`,
    );
  }
  const id = bytes.toString('latin1', 0, idEnd);
  const { member, others } = end === typeEnd ? NO_WORDS : wordsOf(bytes, typeEnd + 1, end);
  const received = new Received(id, attempt, sentAt, type, bytes.subarray(end + 1), member);
  return others ? Object.assign(received, others) : received;
}

/** Finds where the word that begins at `from` ends: at a space, a newline, or the end. */
function wordEnd(bytes: Buffer, from: number): number {
  let i = from;
  while (i < bytes.length && bytes[i] !== SPACE && bytes[i] !== NEWLINE) i++;
  return i;
}

/** Reads a number. NaN where it is not one, or is too large for JavaScript to hold exactly. */
function readNumber(bytes: Buffer, from: number, to: number, base: 10 | 36): number {
  if (from >= to) return NaN;
  let number = 0;
  for (let i = from; i < to; i++) {
    const code = bytes[i]! | 0x20; // lower case; digits stay as they are
    const digit = code >= 0x61 && code <= 0x7a ? code - 0x57 : bytes[i]! - 0x30;
    if (digit < 0 || digit >= base) return NaN;
    number = number * base + digit;
  }
  return number <= Number.MAX_SAFE_INTEGER ? number : NaN;
}

/** Reads where the large data of an envelope lie; undefined where it has none, or is no envelope. */
export function largeOf(bytes: Buffer): LargeData | undefined {
  if (bytes.at(-1) !== NEWLINE || bytes.indexOf(NEWLINE) < bytes.length - 1) return undefined;
  return largeIn(/(?<= )D=\S+/.exec(bytes.toString('latin1'))?.[0] ?? '');
}

interface Elevated {
  readonly envelope: Buffer;
  readonly hops: number;
  readonly expedited: boolean;
}

/**
 * Raises a marble one run higher: one more hop, and its first run remembered. Its attempts and failures are forgotten,
 * and so is the batch that it is a member of, because that batch belongs to the lower run. Large data get another name,
 * because the upper run has its own (`large`). The rest of its header goes on unchanged, including what a newer version
 * wrote there. Throws MR_DATA_UNREADABLE.
 */
export function elevated(bytes: Buffer, from: string, large?: LargeData): Elevated {
  const { id, hops = 0, origin = from, expedited, data } = decodeEnvelope(bytes);
  const [, , sentAt, type, ...words] = bytes.toString('latin1', 0, bytes.length - data.length - 1).split(' ');
  const others = words.filter((word) => !(large ? /^[dfgohBD]=/ : /^[dfgohB]=/).test(word)).map((word) => ` ${word}`);
  const line = `${id} 0 ${sentAt} ${type}${others.join('')} o=${origin} h=${hops + 1}${large ? largeWord(large) : ''}\n`;
  const envelope = Buffer.allocUnsafe(line.length + data.length);
  envelope.write(line, 'latin1');
  data.copy(envelope, line.length);
  return { envelope, hops: hops + 1, expedited: expedited === 1 };
}
