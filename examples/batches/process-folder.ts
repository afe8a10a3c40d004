/**
 * Compresses each file of a folder into another folder: a marble for each file, and a report when all are done.
 *
 *     node process-folder.js <folder> <into>
 *
 * What you should see: the progress, until nothing is left; then the report, which a worker prints.
 *
 * What may go wrong: a file cannot be read. Then its marble is dead after some attempts, and the report says so.
 */
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Marble } from 'marblerun';
import type { Queues } from './queues.js';

const [folder = '.', into = 'compressed'] = process.argv.slice(2);
const entries = await readdir(folder, { withFileTypes: true });
const files = entries
  .filter((entry) => entry.isFile())
  .map(({ name }) => ({ from: join(folder, name), to: join(into, `${name}.gz`) }));

const marble = new Marble<Queues>();
const batch = await marble.batch(`folder-${randomUUID()}`, {
  then: { queue: 'folder-done', data: folder },
  onDead: 'continue', // a file that cannot be read does not hold the report up
});
await batch.sendMany('compress', files);
await batch.seal({ expected: files.length });
for await (const { finished, sent } of batch.progress({ everyMs: 200 })) console.log(`${finished} of ${sent} files`);
await marble.close();
