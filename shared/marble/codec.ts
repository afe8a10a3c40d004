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
  const encoded: Encoded = codec
    ? { type: 'c', data: attempt('encode', () => codec.encode(data)) }
    : Buffer.isBuffer(data)
      ? { type: 'b', data }
      : { type: 'j', data: toJson(data) };
  if (encoded.data.length * 3 <= maxBytes) return encoded; // no character of a string takes more than three bytes
  const bytes = Buffer.byteLength(encoded.data);
  if (bytes > maxBytes) {
    throw new MarbleRunError(
      'MR_DATA_TOO_LARGE',
      `data: ${bytes} bytes when encoded; allowed: ${maxBytes} (maxDataBytes)`,
    );
  }
  return encoded;
}

/** Throws MR_DATA_UNREADABLE. */
export function decodeData(envelope: Envelope, codec?: Codec): unknown {
  switch (envelope.type) {
    case 'b':
      return envelope.data;
    case 'j':
      return attempt('decode', () => JSON.parse(envelope.data.toString()) as unknown);
    case 'c':
      if (!codec)
        throw new MarbleRunError(
          'MR_DATA_UNREADABLE',
          `data of ${envelope.id}: was sent with a codec and this Marble has none`,
        );
      return attempt('decode', () => codec.decode(envelope.data));
  }
}

function toJson(data: unknown): string {
  const json = attempt('encode', () => JSON.stringify(data) as string | undefined);
  if (json !== undefined) return json;
  throw new MarbleRunError(
    'MR_DATA_UNENCODABLE',
    `data: ${typeof data} has no JSON; allowed: what JSON can say, and Buffers`,
  );
}

function attempt<T>(what: 'encode' | 'decode', work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const [code, allowed] =
      what === 'encode'
        ? (['MR_DATA_UNENCODABLE', '; allowed: what JSON can say, and Buffers'] as const)
        : (['MR_DATA_UNREADABLE', ''] as const);
    throw new MarbleRunError(code, `data: cannot ${what} it: ${(cause as Error).message.split('\n')[0]}${allowed}`, {
      cause,
    });
  }
}
