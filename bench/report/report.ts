/**
 * Writes docs/BENCHMARKS.md and the charts in docs/img from what one run measured.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { CONTESTANTS } from '../contestants/index.js';
import type { Results } from '../results.js';
import { machine, type About } from './machine.js';
import { drawBars, drawCurves } from './charts.js';
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
    'MarbleRun beside other queues on Redis, and beside the floor: what Redis and ioredis can do with the same layout of\n' +
      'data and nothing else. One run of `make bench`, every contestant in turns; run it yourself. What the figures come from\n' +
      'is in [PERFORMANCE.md](PERFORMANCE.md).',
    await machine(about),
    ...images,
    '## Targets',
    targetsTable(results),
    '## Figures',
    'Medians of the rounds; ± is half the distance from the least to the most (0 where there was one round). Costs are per marble. *Commands* are those\n' +
      'that Redis carried out, also within scripts; *bytes* go over the network, both ways together. A marble is about\n' +
      '100 bytes of JSON where not said otherwise, and its handler does nothing.',
    ...tablesOf(results),
    '## Contestants',
    '| contestant | settings |\n| --- | --- |\n' +
      CONTESTANTS.map(({ name, settings }) => `| ${name} | ${settings} |`).join('\n'),
  ];
  await writeFile(new URL('BENCHMARKS.md', DOCS), `${text.join('\n\n')}\n`);
}
