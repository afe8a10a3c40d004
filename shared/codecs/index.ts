/** Codecs ready to use: `import { compressed, encrypted } from 'marblerun/codecs'` (docs/CODECS.md). */
export { compressed, type CompressionMethod, type CompressionOptions } from './compressed.js';
export { encrypted, type EncryptionOptions } from './encrypted.js';
export { plain } from './plain.js';
export type { Codec } from '../marble/types.js';
