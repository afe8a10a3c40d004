/**
 * Turns data into bytes and back: as JSON, as bytes that pass unchanged, or by the user's codec.
 *
 * Data that JSON would silently change is refused, with its path. What may go wrong: a codec or a `toJSON` may throw
 * anything at all, or return something that cannot be sent. One error code stands for both.
 */
import { isAscii } from 'node:buffer';
import { types } from 'node:util';
import type { Envelope } from '../communicator/data/envelope.js';
import type { Header } from '../communicator/data/header.js';
import type { Held } from '../communicator/hold/held.js';
import { MarbleRunError } from '../errors.js';
import { isPlain, lossIn } from './json-loss.js';
import { describeError } from './described-error.js';
import type { Codec } from './types.js';

/** Text from this size on is looked at before it is decoded. */
const LONG_TEXT = 4096;

export interface Encoded {
  readonly type: Header['type'];
  readonly data: string | Buffer;
}

/**
 * Encodes data before anything is sent. Throws MR_DATA_UNENCODABLE, or MR_DATA_TOO_LARGE with the size and the limit.
 */
export function encodeData(data: unknown, maxBytes: number, codec?: Codec): Encoded {
  const result = codec ? encodedBy(codec, data) : encodedPlainly(data);
  if (result.data.length * 3 <= maxBytes) return result; // no character takes more than three bytes
  const bytes = Buffer.byteLength(result.data);
  if (bytes > maxBytes) {
    throw new MarbleRunError(
      'MR_DATA_TOO_LARGE',
      `data: ${bytes} bytes when encoded; allowed: ${maxBytes} (maxDataBytes)`,
    );
  }
  return result;
}

/** Decodes the data of a marble. Throws MR_DATA_UNREADABLE. */
export function decodeData({ type, data, id }: Pick<Envelope, 'type' | 'data' | 'id'>, codec?: Codec): unknown {
  if (type === 'b') return data;
  if (type === 'c' && !codec)
    throw new MarbleRunError('MR_DATA_UNREADABLE', `data of ${id}: it was sent with a codec, and this Marble has none`);
  try {
    return type === 'c' ? codec!.decode(data) : (JSON.parse(textOf(data)) as unknown);
  } catch (cause) {
    throw new MarbleRunError('MR_DATA_UNREADABLE', `data: cannot decode it: ${firstLine(cause)}`, { cause });
  }
}

/** Decodes UTF-8. Text that is ASCII is copied as it is, which is several times faster where it is long. */
function textOf(data: Buffer): string {
  return data.length >= LONG_TEXT && isAscii(data) ? data.toString('latin1') : data.toString();
}

/** Hands out the data of a marble in hand. Large data were decoded as they came, and the marble does not keep them. */
export function dataOf(held: Held, codec?: Codec): unknown {
  const { loaded } = held;
  if (!loaded) return decodeData(held.envelope, codec);
  held.loaded = undefined;
  if ('error' in loaded) throw loaded.error;
  return loaded.data;
}

/** Encodes without a codec: bytes as they are, everything else as JSON. Throws MR_DATA_UNENCODABLE. */
export function encodedPlainly(data: unknown): Encoded {
  const bytes = bytesOf(data);
  if (bytes) return { type: 'b', data: bytes };
  let json: unknown; // undefined where a toJSON returned nothing, whatever the types say
  let loss: { readonly text: string } | undefined;
  try {
    json = JSON.stringify(data);
    loss = lossIn(data);
  } catch (cause) {
    throw unencodable(`data: cannot encode it: ${bigIntIn(data) ?? firstLine(cause)}; ${ALLOWED}`, cause);
  }
  if (loss || typeof json !== 'string')
    throw unencodable(loss?.text ?? `data: its toJSON returned nothing; ${ALLOWED}`);
  return { type: 'j', data: json };
}

function encodedBy(codec: Codec, data: unknown): Encoded {
  let encoded: unknown;
  try {
    encoded = codec.encode(data);
    if (typeof encoded === 'string') return { type: 'c', data: encoded };
    const bytes = bytesOf(encoded);
    if (bytes) return { type: 'c', data: bytes };
  } catch (cause) {
    throw unencodable(`data: its codec cannot encode it: ${firstLine(cause)}`, cause);
  }
  const what = types.isPromise(encoded) ? 'a Promise' : encoded === null ? 'null' : `a value of type ${typeof encoded}`;
  throw unencodable(`data: its codec returned ${what}; allowed: text, a Uint8Array or an ArrayBuffer`);
}

/**
 * Returns a view of the bytes, not a copy; undefined where the data is not bytes. Bytes of another realm count too,
 * such as that of a test runner.
 */
function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'object' || value === null || isPlain(value)) return undefined;
  if (types.isUint8Array(value))
    return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return types.isArrayBuffer(value) ? Buffer.from(value) : undefined;
}

/** Finds the BigInt that JSON refused. Returns undefined where JSON refused something else, such as a cycle. */
function bigIntIn(data: unknown): string | undefined {
  try {
    return lossIn(data)?.text.replace(/^data: /, '');
  } catch {
    return undefined; // a cycle has no end
  }
}

const ALLOWED = 'allowed: values that JSON can express, and bytes';

function unencodable(message: string, cause?: unknown): MarbleRunError {
  return new MarbleRunError('MR_DATA_UNENCODABLE', message, cause === undefined ? undefined : { cause });
}

function firstLine(cause: unknown): string {
  return describeError(cause).message.split('\n')[0]!;
}
