/**
 * Computes the SHA-256 of every file of a folder tree with whatever workers there are. It sends a marble for each file,
 * gathers the outcomes, and writes the report of `sha256sum`.
 *
 *     node main.js <folder> [--report <file>]      the report goes to standard output by default
 *
 * What you should see: a progress bar, whose end moves away while the walk goes on; then the figures. Exit code 0: the
 * report has every file; 1: it has all but those named on standard error; 2: nothing was done. What may go wrong: no
 * worker runs, or a marble is dead. Then it says what it waits for, and waits.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { Marble } from 'marblerun';
import { Gatherer } from './gatherer.js';
import { outcomesOf, pathOfBytes, pathToText, type Queues } from './job.js';
import { report } from './report.js';
import { walk } from './walk.js';

/**
 * The attempts of one file. A worker that is killed costs every file in its hand an attempt; no file can kill a worker,
 * so many are allowed.
 */
const MAX_ATTEMPTS = 1000;
const STILL_MS = 30_000;

class Troubles {
  count = 0;

  readonly tell = (path: string, message: string): void => {
    this.count++;
    console.error(`checksums: ${pathToText(path)}: ${message}`);
  };
}

async function gather(folder: string, troubles: Troubles): Promise<Gatherer> {
  const batch = randomUUID();
  const gatherer = new Gatherer();
  const bar = new SingleBar(
    { format: '{bar} {value} of {total} files', noTTYOutput: true, notTTYSchedule: 1000, gracefulExit: false },
    Presets.shades_classic,
  );
  const marble = new Marble<Queues>();
  marble.work(
    outcomesOf(batch),
    (outcome) => {
      gatherer.take(outcome);
      bar.update(gatherer.outcomes.size);
    },
    { concurrency: 1000 },
  );
  bar.start(1, 0);
  const files = counted(
    walk(folder, (path, { message }) => troubles.tell(path, message)),
    (n) => bar.setTotal(n),
  );
  gatherer.expect(await marble.sendMany('files', files, { batch, maxAttempts: MAX_ATTEMPTS }));
  const watch = sayWhenStill(gatherer);
  await gatherer.complete;
  clearInterval(watch);
  bar.stop();
  await marble.close();
  return gatherer;
}

async function* counted<T>(items: AsyncIterable<T>, tell: (count: number) => void): AsyncGenerator<T> {
  let count = 0;
  for await (const item of items) {
    tell(++count);
    yield item;
  }
}

function sayWhenStill({ outcomes }: Gatherer): NodeJS.Timeout {
  let before = outcomes.size;
  return setInterval(() => {
    if (outcomes.size === before)
      console.error('no outcome for a while: is a worker running? what does the Monitor say?');
    before = outcomes.size;
  }, STILL_MS);
}

/** Describes the result for people. */
function figures({ outcomes, repeated }: Gatherer, seconds: number): string {
  const all = [...outcomes.values()];
  const runs = [...new Set(all.map(({ run }) => run))].sort();
  const mebibytes = all.reduce((sum, { bytes }) => sum + bytes, 0) / 1_048_576;
  return [
    `${all.length} files, ${mebibytes.toFixed(1)} MiB, ${seconds.toFixed(1)} s, ${(all.length / seconds).toFixed(0)} files/s`,
    ...runs.map((name) => `${all.filter(({ run }) => run === name).length} in run ${name}`),
    `${all.filter(({ attempt }) => attempt > 1).length} took more than one attempt`,
    `${repeated} outcomes came twice`,
  ].join('; ');
}

async function main(folder: string, reportFile: string | undefined): Promise<void> {
  const started = performance.now();
  const troubles = new Troubles();
  const path = pathOfBytes(Buffer.from(folder));
  const gatherer = await gather(path, troubles);
  const outcomes = [...gatherer.outcomes.values()];
  for (const { path, error } of outcomes) if (error !== undefined) troubles.tell(path, error);
  const bytes = report(path, outcomes);
  if (reportFile === undefined) process.stdout.write(bytes);
  else writeFileSync(reportFile, bytes);
  console.error(figures(gatherer, (performance.now() - started) / 1000));
  if (troubles.count > 0) process.exitCode = 1;
}

const NOTHING_DONE = 2;
try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { report: { type: 'string' } } });
  const [folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0) throw new Error('one folder must be given');
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
  if (values.report !== undefined) mkdirSync(dirname(values.report), { recursive: true });
  await main(resolve(folder), values.report);
} catch (error) {
  console.error(`checksums: ${(error as Error).message}`);
  process.exitCode = NOTHING_DONE;
}
