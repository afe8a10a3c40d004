/**
 * Imports rows, page by page. It may be killed at any moment: when it is started again, it goes on from where it was.
 *
 *     node import.js <name> <into> [<ms that each page takes>]
 *
 * Nothing has to be kept beside the batch. Rows are sent in order, and a page completely or not at all, so `sent` of
 * the batch is the number of the first missing row. That holds as long as only one sender works at a time, and the
 * handler of a row sends nothing on.
 *
 * What you should see: how many rows are sent, and where it goes on when it is started again.
 *
 * What may go wrong: Redis forgets what was sent (a failover). Then `seal` throws MR_BATCH_SHORT; start it again.
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

/** Reads rows of the source, beginning with row `from`. The source is slow. */
async function page(from: number): Promise<Row[]> {
  await sleep(Number(pageMs));
  return Array.from({ length: PAGE }, (_, i) => ({ id: from + i, name: `row ${from + i}` }));
}
