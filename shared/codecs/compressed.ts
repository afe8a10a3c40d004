/**
 * A codec that compresses data from a certain size on. The first byte says which method was used. So settings may
 * change at any time: marbles that already wait can still be read.
 *
 * What may go wrong: a hostile sender may send bytes that unfold to gigabytes; they are refused at `maxBytes`.
 * Compression takes time of the event loop: some 10 ms for a megabyte.
 */
import * as zlib from 'node:zlib';
import { bad, checkOptions, oneOf, whole } from '../check-options.js';
import type { Codec } from '../marble/types.js';
import { asBuffer, checkCodec, plain } from './plain.js';

export type CompressionMethod = 'gzip' | 'brotli' | 'zstd';

export interface CompressionOptions {
  /**
   * The method that compresses: `gzip`, which every Node.js has, or `zstd`, which needs Node.js 22.15 wherever marbles
   * are sent or read. Default `gzip`.
   */
  readonly method?: CompressionMethod;
  /**
   * The size from which data is compressed. Smaller data stays as it is; so does data that compression does not make
   * smaller. Default 1,024 bytes.
   */
  readonly fromBytes?: number;
  /** The largest size that data may unfold to; anything larger is refused. Default 134,217,728 bytes. */
  readonly maxBytes?: number;
}

interface Method {
  readonly mark: number;
  readonly pack: (bytes: Buffer) => Buffer;
  readonly unpack: (bytes: Buffer, maxBytes: number) => Buffer;
}

const AS_IT_IS = 0;
const METHODS: Record<CompressionMethod, Method> = {
  gzip: {
    mark: 1,
    pack: (bytes) => zlib.gzipSync(bytes),
    unpack: (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { maxOutputLength }),
  },
  brotli: {
    mark: 2,
    // Brotli's default quality is meant for files and takes a hundred times as long.
    pack: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
    unpack: (bytes, maxOutputLength) => zlib.brotliDecompressSync(bytes, { maxOutputLength }),
  },
  zstd: {
    mark: 3,
    pack: (bytes) => zlib.zstdCompressSync(bytes),
    unpack: (bytes, maxOutputLength) => zlib.zstdDecompressSync(bytes, { maxOutputLength }),
  },
};

/** Wraps the codec `inner`, which makes the bytes. Throws MR_BAD_OPTION. */
export function compressed(options: CompressionOptions = {}, inner: Codec = plain): Codec {
  checkOptions('compressed', options, {
    method: oneOf('gzip', 'brotli', 'zstd'),
    fromBytes: whole(0),
    maxBytes: whole(1, 2_147_483_647),
  });
  checkCodec('compressed.inner', inner);
  const { method = 'gzip', fromBytes = 1024, maxBytes = 134_217_728 } = options;
  if (method === 'zstd' && !hasZstd()) bad('compressed.method', method, '"gzip" or "brotli" before Node.js 22.15');
  const { mark, pack } = METHODS[method];
  return {
    encode(data) {
      const bytes = asBuffer(inner.encode(data));
      const packed = bytes.length >= fromBytes ? pack(bytes) : bytes;
      return packed.length < bytes.length ? marked(mark, packed) : marked(AS_IT_IS, bytes);
    },
    decode: (bytes) => inner.decode(unpacked(asBuffer(bytes), maxBytes)),
  };
}

function marked(mark: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([mark]), bytes]);
}

function unpacked(bytes: Buffer, maxBytes: number): Buffer {
  const rest = bytes.subarray(1);
  if (bytes[0] === AS_IT_IS) return rest;
  const method = Object.values(METHODS).find(({ mark }) => mark === bytes[0]);
  if (!method) throw new Error(`it was not compressed by marblerun/codecs: its first byte is ${bytes[0] ?? 'missing'}`);
  if (method === METHODS.zstd && !hasZstd()) throw new Error('it is compressed with zstd: Node.js 22.15 reads it');
  return method.unpack(rest, maxBytes);
}

function hasZstd(): boolean {
  return typeof (zlib as Partial<typeof zlib>).zstdCompressSync === 'function';
}
