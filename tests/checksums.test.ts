/**
 * The real job: the report of the checksum example equals the output of coreutils' sha256sum, byte for byte.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { filesDone, setChecksumStage } from '@marblerun/examples/checksums/scene';
import { sha256sum } from '@marblerun/examples/checksums/verify';
import { Stage, type Bus } from '@marblerun/examples/stage/stage';
import { Program, until } from '@marblerun/test-support';
import { Marble, type BatchProgress } from 'marblerun';

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const BIG_BYTES = 65_536;
const LONG_MS = 480_000;

let stage: Stage;
let folder: string;

beforeEach(async () => {
  stage = new Stage({ redis: 'local', show: () => undefined });
  folder = await mkdtemp(join(tmpdir(), 'marblerun-checksums-'));
});

afterEach(async () => {
  await stage.strike();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** The job on a stage: its exit, its report, and what it said at the end. */
function startJob(stage: Stage, lower: Bus, tree: string) {
  const file = join(folder, 'report', 'checksums.txt');
  const job = stage.program('job', 'checksums/main.js', lower, { args: [tree, '--report', file] });
  return { job, report: () => readFile(file) };
}

function figure(job: Program, pattern: RegExp): number {
  return Number(pattern.exec(job.errors.at(-1) ?? '')?.[1]);
}

test(
  'thousands of files: nothing is lost or doubled though workers, Monitors and the Elevator are killed with -9',
  async () => {
    const set = await setChecksumStage(stage);
    const { lower, upper } = set;
    const workers = [set.startWorker('worker 1'), set.startWorker('worker 2'), set.startWorker('worker 3')];
    const { job, report } = startJob(stage, lower, NODE_MODULES);
    let monitor = lower.monitor;
    const killed = async (program: Program) => {
      expect(job.running).toBe(true);
      expect(await program.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    };
    const at = (count: number) => filesDone(count, { ...lower, monitor });

    await at(500);
    await killed(workers[0]!);
    workers[0] = set.startWorker('worker 4');
    await at(1500);
    await killed(set.elevator);
    await killed(set.upperWorker);
    await at(2500);
    const elevator = await set.startElevator();
    set.startUpperWorker('upper worker 2');
    await killed(monitor);
    monitor = await stage.monitor(lower);
    await at(4000);
    await Promise.all(workers.map(killed));
    for (const name of ['worker 5', 'worker 6', 'worker 7']) set.startWorker(name);
    await killed(upper.monitor);
    await stage.monitor(upper);
    await at(6000);
    await killed(elevator);
    await set.startElevator();

    expect(await job.exited).toEqual({ code: 0, signal: null });
    const sums = await sha256sum(NODE_MODULES);
    expect((await report()).equals(sums)).toBe(true);
    const [files, big] = ['', `-size +${BIG_BYTES}c`].map((size) => count(NODE_MODULES, size));
    expect(files).toBeGreaterThan(6000);
    expect(figure(job, /^(\d+) files/)).toBe(files);
    expect(figure(job, /(\d+) in run upper/)).toBe(big);
    expect(job.errors.filter((line) => line.includes('Warning'))).toEqual([]);
    const members = 2 * files!; // a path, then its outcome or its ticket
    expect(await batchesOf(lower)).toMatchObject([{ sent: members, finished: members, left: 0, dead: 0, done: true }]);
  },
  LONG_MS,
);

async function batchesOf({ redis, name: run }: Bus): Promise<BatchProgress[]> {
  const marble = new Marble({ redis, run });
  return marble.batches().finally(() => marble.close());
}

function count(tree: string, tests: string): number {
  return Number(execFileSync('sh', ['-c', `find . -type f ${tests} -printf x | wc -c`], { cwd: tree }));
}

test(
  'names that are odd, links, pipes and empty files are treated as find and sha256sum treat them',
  async () => {
    const tree = join(folder, 'tree');
    await mkdir(join(tree, 'deep', 'deeper'), { recursive: true });
    const odd = ['plain', ' spaces ', '-', '--zero', 'back\\slash', 'line\nbreak', 'car\rriage', 'Ünï', '*', '\\n'];
    for (const [i, name] of odd.entries()) await writeFile(join(tree, 'deep', name), `${name} ${i}`);
    await writeFile(Buffer.concat([Buffer.from(`${tree}/latin`), Buffer.from([0xe9, 0xff])]), 'no UTF-8');
    await writeFile(join(tree, 'empty'), '');
    await writeFile(join(tree, 'at the limit'), Buffer.alloc(BIG_BYTES, 1));
    await writeFile(join(tree, 'over the limit'), Buffer.alloc(BIG_BYTES + 1, 2));
    await symlink('plain', join(tree, 'deep', 'link to a file'));
    await symlink('../deep', join(tree, 'deep', 'link to a folder'));
    await symlink('nowhere', join(tree, 'deep', 'dangling'));
    execFileSync('mkfifo', [join(tree, 'pipe')]);

    const { lower, startWorker } = await setChecksumStage(stage);
    startWorker('worker');
    const { job, report } = startJob(stage, lower, tree);
    expect(await job.exited).toEqual({ code: 0, signal: null });
    const sums = await sha256sum(tree);
    expect((await report()).toString('latin1')).toBe(sums.toString('latin1'));
    expect(figure(job, /^(\d+) files/)).toBe(odd.length + 4);
    expect(figure(job, /(\d+) in run upper/)).toBe(1);
  },
  LONG_MS,
);

test(
  'files that vanish or become something else are named, the others are in the report, the exit code is 1',
  async () => {
    const tree = join(folder, 'tree');
    await mkdir(tree);
    for (const name of ['stays', 'vanishes', 'becomes a folder', 'becomes a link'])
      await writeFile(join(tree, name), name);
    const { lower, startWorker } = await setChecksumStage(stage);
    const { job, report } = startJob(stage, lower, tree);
    const waiting = () => lower.monitor.get<{ queues: { queue: string; depth: number }[] }>('/api/runs/lower/queues');
    await until('all are sent', async () =>
      (await waiting()).queues.some(({ queue, depth }) => queue === 'files' && depth === 4),
    );
    await unlink(join(tree, 'vanishes'));
    await unlink(join(tree, 'becomes a folder'));
    await mkdir(join(tree, 'becomes a folder'));
    await unlink(join(tree, 'becomes a link'));
    await symlink('stays', join(tree, 'becomes a link'));
    startWorker('worker');

    expect(await job.exited).toEqual({ code: 1, signal: null });
    expect((await report()).equals(await sha256sum(tree))).toBe(true);
    const named = job.errors.filter((line) => line.startsWith('checksums: ')).sort();
    expect(named).toEqual([
      `checksums: ${tree}/becomes a folder: is no longer a regular file`,
      `checksums: ${tree}/becomes a link: ELOOP: too many symbolic links encountered`,
      `checksums: ${tree}/vanishes: ENOENT: no such file or directory`,
    ]);
  },
  LONG_MS,
);

test('bad input: nothing is done, the message says why', async () => {
  const main = fileURLToPath(new URL('../../examples/dist/checksums/main.js', import.meta.url));
  const cases: [string[], string][] = [
    [[], 'one folder must be given'],
    [['/nowhere/at/all'], "ENOENT: no such file or directory, stat '/nowhere/at/all'"],
    [[main], `${main} is not a folder`],
    [['.', '--raport', 'x'], "Unknown option '--raport'"],
  ];
  for (const [args, message] of cases) {
    const program = new Program(main, { args });
    expect((await program.exited).code).toBe(2);
    expect(program.errors[0]).toContain(`checksums: ${message}`);
  }
});
