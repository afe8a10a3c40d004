/**
 * Imports rows, each under its number, so that a row that is delivered again is not imported twice. It reports when an
 * import is done, and goes on until SIGTERM.
 *
 * What you should see: one line for each import, however often its sender was killed.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Marble } from 'marblerun';
import type { Queues } from './queues.js';

const marble = new Marble<Queues>();

marble.work('rows', ({ id, name, into }) => writeFile(join(into, String(id)), name), { concurrency: 4 });

marble.work('imported', async (rows, { batch: name }) => {
  const batch = await marble.batch(name!);
  const { finished, sent, dead } = await batch.progress();
  console.log(`${batch.name}: ${finished} of ${rows} rows are imported, ${sent} sent, ${dead} dead`);
});

process.once('SIGTERM', () => void marble.close());
