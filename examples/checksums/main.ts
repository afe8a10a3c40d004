/**
 * The SHA-256 of every file of a folder tree, worked out by whatever workers there are: a batch with a
 * marble for each file. When all is done, its `then` comes, and the report of `sha256sum` is written.
 *
 *     node main.js <folder> [--report <file>]      the report goes to standard output by default
 *
 * Each file is one that is left of the batch, from the walk to its outcome: as a path, then as an outcome, or as a ticket
 * while it is on the upper run.
 *
 * What you should see: a progress bar, whose end moves away while the walk goes on; then the figures.
 * Exit code 0: all is in the report; 1: all but what is named on standard error; 2: nothing was done.
 * What may go wrong: no worker runs: the bar stands still. A marble is dead: the bar says so, and the batch waits for a person.
 */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { Marble, type Batch } from 'marblerun';
import { pathOfBytes, pathToText, type File, type Outcome, type Queues } from './job.js';
import { report } from './report.js';
import { walk } from './walk.js';

const FORMAT = '{bar} {value} of {total} files, {dead} dead';

/** Outcomes by path: one that comes twice counts once. */
const outcomes = new Map<string, Outcome>();

function trouble(path: string, message: string): void {
  process.exitCode = 1;
  console.error(`checksums: ${pathToText(path)}: ${message}`);
}

async function gather(folder: string, reportFile: string | undefined): Promise<void> {
  const job = randomUUID();
  const marble = new Marble<Queues>();
  const arrived = new EventEmitter();
  const take = (outcome: Outcome) => {
    outcomes.set(outcome.path, outcome);
    arrived.emit(outcome.path);
  };
  const comeDown = async (path: string) => {
    if (!outcomes.has(path)) await new Promise((resolve) => arrived.once(path, resolve));
  };
  marble.work(`outcomes/${job}`, take, { concurrency: 1000 });
  marble.work(`above/${job}`, comeDown, { concurrency: 1000 });
  const batch = await marble.batch(job, { then: { queue: `report/${job}`, data: folder } });
  const [files] = await Promise.all([send(batch, folder), show(batch)]);
  write(await marble.wait(`report/${job}`), files, reportFile);
  await marble.finish();
  await marble.close();
}

async function send(batch: Batch<Queues>, folder: string): Promise<number> {
  const expected = await batch.sendMany('files', filesOf(folder, batch.name));
  await batch.seal({ expected });
  return expected;
}

async function* filesOf(folder: string, job: string): AsyncGenerator<File> {
  for await (const path of walk(folder, (path, { message }) => trouble(path, message))) yield { path, job };
}

async function show(batch: Batch<Queues>): Promise<void> {
  const bar = new SingleBar(
    { format: FORMAT, noTTYOutput: true, notTTYSchedule: 1000, gracefulExit: false },
    Presets.shades_classic,
  );
  bar.start(1, 0, { dead: 0 });
  for await (const { left, dead } of batch.progress({ everyMs: 100 })) {
    bar.setTotal(outcomes.size + left + dead);
    bar.update(outcomes.size, { dead });
  }
  bar.stop();
}

function write(folder: string, files: number, reportFile: string | undefined): void {
  for (const { path, error } of outcomes.values()) if (error !== undefined) trouble(path, error);
  if (outcomes.size < files) trouble(folder, `${files - outcomes.size} files have no outcome`);
  const bytes = report(folder, outcomes.values());
  if (reportFile === undefined) process.stdout.write(bytes);
  else writeFileSync(reportFile, bytes);
}

/** For people. */
function figures(seconds: number): string {
  const all = [...outcomes.values()];
  const runs = [...new Set(all.map(({ run }) => run))].sort();
  const mebibytes = all.reduce((sum, { bytes }) => sum + bytes, 0) / 1_048_576;
  return [
    `${all.length} files, ${mebibytes.toFixed(1)} MiB, ${seconds.toFixed(1)} s, ${(all.length / seconds).toFixed(0)} files/s`,
    ...runs.map((name) => `${all.filter(({ run }) => run === name).length} in run ${name}`),
  ].join('; ');
}

const NOTHING_DONE = 2;
try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { report: { type: 'string' } } });
  const [folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0) throw new Error('one folder must be given');
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
  if (values.report !== undefined) mkdirSync(dirname(values.report), { recursive: true });
  await gather(pathOfBytes(Buffer.from(resolve(folder))), values.report);
  console.error(figures(performance.now() / 1000));
} catch (error) {
  console.error(`checksums: ${(error as Error).message}`);
  process.exit(NOTHING_DONE);
}
