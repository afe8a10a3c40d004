/**
 * Imports rows, page by page, and may be killed at any moment: started again, it goes on from where it was.
 *
 *     node import.js <name> <into> [<ms that each page takes>]
 *
 * Nothing has to be kept beside the batch: rows are sent in order, a page all or not at all, so `sent` of the batch is
 * the number of the first row that is missing. That holds as long as one sender works at a time, and the
 * handler of a row sends nothing on.
 *
 * What you should see: how many rows are sent; when it is started again, where it goes on.
 * What may go wrong: Redis forgets what was sent (a failover): then `seal` throws MR_BATCH_SHORT; start it again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Marble } from 'marblerun';
import type { Queues, Row } from './queues.js';

const ROWS = 600;
const PAGE = 20;

const [name = 'import', into = 'imported', pageMs = '0'] = process.argv.slice(2);
const marble = new Marble<Queues>();
const batch = await marble.batch(name, { then: { queue: 'imported', data: ROWS } });
let { sent } = await batch.progress();
if (batch.joined) console.log(`goes on from row ${sent}`);
while (sent < ROWS) {
  const rows = await page(sent);
  sent += await batch.sendMany(
    'rows',
    rows.map((row) => ({ ...row, into })),
  );
  console.log(`${sent} rows are sent`);
}
await batch.seal({ expected: ROWS });
await marble.close();

/** Rows of the source, from one on; a slow one. */
async function page(from: number): Promise<Row[]> {
  await sleep(Number(pageMs));
  return Array.from({ length: PAGE }, (_, i) => ({ id: from + i, name: `row ${from + i}` }));
}
