/**
 * The default codec: it turns data into JSON and passes bytes unchanged. The other codecs build on it.
 *
 * The first byte says which of the two it is: `j` for JSON, `b` for bytes.
 */
import { decodeData, encodedPlainly } from '../marble/codec.js';
import type { Codec } from '../marble/types.js';
import { bad } from '../check-options.js';

export const plain: Codec = Object.freeze({
  encode(data: unknown): Uint8Array {
    const { type, data: encoded } = encodedPlainly(data);
    return Buffer.concat([Buffer.from(type), Buffer.from(encoded as string)]);
  },
  decode(bytes: Uint8Array): unknown {
    const [type, ...wrong] = TYPES.filter((each) => bytes[0] === each.charCodeAt(0));
    if (type === undefined || wrong.length > 0) throw new Error('it begins with neither j nor b');
    return decodeData({ type, data: asBuffer(bytes).subarray(1), id: '-' });
  },
});

const TYPES = ['j', 'b'] as const;

/** @internal Returns a view of the bytes, not a copy. */
export function asBuffer(bytes: string | Uint8Array | ArrayBuffer): Buffer {
  if (typeof bytes === 'string' || bytes instanceof ArrayBuffer) return Buffer.from(bytes as string);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Checks that a codec has both its functions. Throws MR_BAD_OPTION. */
export function checkCodec(where: string, codec: unknown): void {
  const { encode, decode } = (codec ?? {}) as Partial<Codec>;
  if (typeof encode !== 'function' || typeof decode !== 'function')
    bad(where, codec, 'an object with encode and decode');
}
