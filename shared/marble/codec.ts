/**
 * Data to bytes and back: JSON for everything but Buffers, which pass unchanged, or a codec of the user's.
 */
import type { Envelope, Header } from '../communicator/envelope.js';
import { MarbleRunError } from '../errors.js';

export interface Codec {
  /** May throw; the message reaches the sender with MR_DATA_UNENCODABLE. */
  encode(data: unknown): Buffer | string;
  decode(bytes: Buffer): unknown;
}

export interface Encoded {
  readonly type: Header['type'];
  readonly data: string | Buffer;
}

/** Throws MR_DATA_UNENCODABLE, or MR_DATA_TOO_LARGE with the size and the limit: before anything is sent. */
export function encodeData(data: unknown, maxBytes: number, codec?: Codec): Encoded {
  const result = encoded(data, codec);
  if (result.data.length * 3 <= maxBytes) return result; // no character of a string takes more than three bytes
  const bytes = Buffer.byteLength(result.data);
  if (bytes > maxBytes) {
    throw new MarbleRunError(
      'MR_DATA_TOO_LARGE',
      `data: ${bytes} bytes when encoded; allowed: ${maxBytes} (maxDataBytes)`,
    );
  }
  return result;
}

/** Throws MR_DATA_UNREADABLE. */
export function decodeData(envelope: Envelope, codec?: Codec): unknown {
  const { type, data, id } = envelope;
  if (type === 'b') return data;
  if (type === 'c' && !codec)
    throw new MarbleRunError('MR_DATA_UNREADABLE', `data of ${id}: was sent with a codec and this Marble has none`);
  try {
    return type === 'c' ? codec!.decode(data) : (JSON.parse(data.toString()) as unknown);
  } catch (cause) {
    throw new MarbleRunError('MR_DATA_UNREADABLE', `data: cannot decode it: ${firstLine(cause)}`, { cause });
  }
}

function encoded(data: unknown, codec: Codec | undefined): Encoded {
  try {
    if (codec) return { type: 'c', data: codec.encode(data) };
    if (Buffer.isBuffer(data)) return { type: 'b', data };
    const json = JSON.stringify(data) as string | undefined;
    if (json !== undefined) return { type: 'j', data: json };
  } catch (cause) {
    throw new MarbleRunError('MR_DATA_UNENCODABLE', `data: cannot encode it: ${firstLine(cause)}; ${ALLOWED}`, {
      cause,
    });
  }
  throw new MarbleRunError('MR_DATA_UNENCODABLE', `data: ${typeof data} has no JSON; ${ALLOWED}`);
}

const ALLOWED = 'allowed: what JSON can say, and Buffers';

function firstLine(cause: unknown): string {
  return (cause as Error).message.split('\n')[0]!;
}
