/**
 * Writes docs/BENCHMARKS.md, the charts in docs/img, and the tables of docs/SCALING.md from what one run measured.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { CONTESTANTS } from '../contestants/index.js';
import type { Results } from '../results.js';
import { machine, type About } from './machine.js';
import { drawBars, drawCurves } from './charts.js';
import { placed } from './places.js';
import { rowByRow } from './row-by-row.js';
import { scalingTables } from './scaling.js';
import { tablesOf } from './tables.js';
import { targetsTable } from './targets.js';

const DOCS = new URL('../../../docs/', import.meta.url);

export async function writeReport(results: Results, about: About): Promise<void> {
  await mkdir(new URL('img/', DOCS), { recursive: true });
  const images: string[] = [];
  for (const chart of [...(await drawBars(results)), ...(await drawCurves(results))]) {
    await writeFile(new URL(`img/${chart.file}`, DOCS), chart.svg);
    images.push(`![${chart.title}](img/${chart.file})`);
  }
  const text = [
    '# Benchmarks',
    `<!-- written by \`make bench\` -->`,
    'MarbleRun beside other queues, and beside the floor: what Redis and ioredis can do with the same layout of\n' +
      'data and nothing else. One run of `make bench`, every contestant in turns; run it yourself. What the figures come from\n' +
      'is in [PERFORMANCE.md](PERFORMANCE.md).',
    await machine(about),
    ...images,
    '## Targets',
    targetsTable(results),
    '## Row by row',
    'Each row that has a rate: the simplest form of MarbleRun beside the fastest of the others, and beside the fastest floor.\n' +
      'What the difference to a floor is made of is in [PERFORMANCE.md](PERFORMANCE.md#before-now-and-the-floor).',
    rowByRow(results),
    '## Figures',
    'Medians of the rounds; ± is half the distance from the least to the most (0 where there was one round). Costs are\n' +
      'per marble. *Server* is Redis, or what else a contestant keeps its marbles in. *Commands* are those that Redis\n' +
      'carried out, also within scripts, *scripts* those that clients called, *in scripts* how long it worked on these by\n' +
      'its own count; *bytes* go over the network, both ways together. A marble is about 100 bytes of JSON where not said\n' +
      'otherwise, and its handler does nothing. How cores and warm-ups matter is told in\n' +
      '[PERFORMANCE.md](PERFORMANCE.md#how-it-is-measured).',
    ...tablesOf(results),
    '## Contestants',
    '| contestant | settings | why |\n| --- | --- | --- |\n' +
      CONTESTANTS.map(({ name, settings, why }) => `| ${name} | ${settings} | ${why} |`).join('\n'),
  ];
  await writeFile(new URL('BENCHMARKS.md', DOCS), `${text.join('\n\n')}\n`);
  const scaling = new URL('SCALING.md', DOCS);
  await writeFile(
    scaling,
    placed(await readFile(scaling, 'utf8'), scalingTables(results, { date: new Date(), cores: cpus().length })),
  );
}
