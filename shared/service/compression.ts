/**
 * Compresses large answers for clients that accept it: a scrape or a page of many queues shrinks to a tenth.
 *
 * Only gzip is used, which every scraper and browser knows, and it runs beside the event loop, so that nothing else
 * waits for it. Requests are never inflated: a small one could become a very large one.
 */
import type { FastifyCompressOptions } from '@fastify/compress';

export const COMPRESSION: FastifyCompressOptions = {
  globalDecompression: false,
  encodings: ['gzip', 'identity'],
  threshold: 4096,
  syncThreshold: 0,
};
