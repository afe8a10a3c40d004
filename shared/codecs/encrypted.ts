/**
 * A codec that encrypts with AES-256-GCM. Whoever reads Redis, its file or a backup does not see the data.
 *
 *     version (1) · length of the key id (1) · key id · nonce (12) · ciphertext · tag (16)
 *
 * The head is authenticated too. The id names the key that was used, so you can switch to a new key while marbles of
 * the old one still wait.
 *
 * What may go wrong: bytes that were changed or cut are refused and never half read, and so are bytes whose key is
 * missing. Header, queue and size stay visible. Whoever can write to Redis may put one marble's data into another.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { bad, checkOptions, having } from '../check-options.js';
import type { Codec } from '../marble/types.js';
import { asBuffer, checkCodec, plain } from './plain.js';

export interface EncryptionOptions {
  /**
   * Keys by their ids: 32 random bytes each, or those bytes in base64. Keep an old key for as long as marbles wait that
   * it encrypted.
   */
  readonly keys: Readonly<Record<string, Uint8Array | string>>;
  /** The id of the key that encrypts. */
  readonly use: string;
}

const VERSION = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;
const CIPHER = 'aes-256-gcm';

/** Wraps the codec `inner`, which makes the bytes. Throws MR_BAD_OPTION, whose message shows no key. */
export function encrypted(options: EncryptionOptions, inner: Codec = plain): Codec {
  checkOptions('encrypted', options, {
    keys: having('keys by their ids', (value) => typeof value === 'object' && value !== null),
    use: having('the id of one of the keys', (value) => typeof value === 'string'),
  });
  checkCodec('encrypted.inner', inner);
  const keys = new Map(
    Object.entries((options as Partial<EncryptionOptions>).keys ?? {}).map(([id, key]) => [
      checkId(id),
      keyOf(id, key),
    ]),
  );
  const key = keys.get(options.use);
  if (!key) return bad('encrypted.use', options.use, `the id of one of the keys: ${ids(keys)}`);
  const head = Buffer.from([VERSION, options.use.length, ...Buffer.from(options.use)]);
  return {
    encode(data) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(head);
      const text = [cipher.update(asBuffer(inner.encode(data))), cipher.final()];
      return Buffer.concat([head, nonce, ...text, cipher.getAuthTag()]);
    },
    decode: (bytes) => inner.decode(decrypted(asBuffer(bytes), keys)),
  };
}

function decrypted(bytes: Buffer, keys: ReadonlyMap<string, Buffer>): Buffer {
  const headEnd = 2 + (bytes[1] ?? 0);
  const nonceEnd = headEnd + NONCE_BYTES;
  if (bytes[0] !== VERSION) throw new Error('it was not encrypted by marblerun/codecs, or by a later version');
  if (bytes.length < nonceEnd + TAG_BYTES) throw new Error('it is encrypted and was cut short');
  const id = bytes.toString('latin1', 2, headEnd);
  const key = keys.get(id);
  if (!key) throw new Error(`it is encrypted with key ${JSON.stringify(id)}, and the keys here are ${ids(keys)}`);
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(headEnd, nonceEnd), { authTagLength: TAG_BYTES });
  decipher.setAAD(bytes.subarray(0, headEnd)).setAuthTag(bytes.subarray(-TAG_BYTES));
  const data = decipher.update(bytes.subarray(nonceEnd, -TAG_BYTES));
  try {
    return Buffer.concat([data, decipher.final()]);
  } catch (cause) {
    throw new Error(`it was changed after it was encrypted, or its key ${JSON.stringify(id)} is another one here`, {
      cause,
    });
  }
}

function checkId(id: string): string {
  if (!KEY_ID.test(id)) bad('encrypted.keys', id, 'ids of 1 to 64 of A-Z a-z 0-9 . _ -');
  return id;
}

/** Returns a copy of the key, so that nobody can change it later. */
function keyOf(id: string, key: unknown): Buffer {
  const bytes =
    typeof key === 'string' ? Buffer.from(key, 'base64') : key instanceof Uint8Array ? Buffer.from(key) : '';
  if (typeof bytes !== 'string' && bytes.length === KEY_BYTES) return bytes;
  const what = bytes === '' ? key && typeof key : `${bytes.length} bytes`;
  return bad(`encrypted.keys.${id}`, what, `${KEY_BYTES} random bytes, or these in base64`);
}

function ids(keys: ReadonlyMap<string, unknown>): string {
  return [...keys.keys()].join(', ') || 'none';
}
