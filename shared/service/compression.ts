/**
 * Large answers are compressed where the asker takes it: a scrape or a page of many queues is a tenth then.
 *
 * Only gzip, which every scraper and browser knows; beside the event loop, so that nothing else waits for it. Requests are
 * taken as they are and never inflated: a small one could become a very large one.
 */
import type { FastifyCompressOptions } from '@fastify/compress';

export const COMPRESSION: FastifyCompressOptions = {
  globalDecompression: false,
  encodings: ['gzip', 'identity'],
  threshold: 4096,
  syncThreshold: 0,
};
