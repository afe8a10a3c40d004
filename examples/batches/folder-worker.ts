/**
 * Compresses files, and reports when a batch of them is done. It goes on until SIGTERM.
 *
 * What you should see: one line for each folder.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Marble } from 'marblerun';
import type { Queues } from './queues.js';

const marble = new Marble<Queues>();

marble.work(
  'compress',
  ({ from, to }, { signal }) => pipeline(createReadStream(from), createGzip(), createWriteStream(to), { signal }),
  { concurrency: 4 },
);

marble.work('folder-done', async (folder, { batch: name }) => {
  const batch = await marble.batch(name!); // joins the batch by its name, which `then` carries
  const { finished, sent, dead } = await batch.progress();
  console.log(`${folder}: ${finished} of ${sent} files are compressed, ${dead} dead`);
});

process.once('SIGTERM', () => void marble.close());
