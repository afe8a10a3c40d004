/**
 * The checksum job over this project's own node_modules, and the proof that its report is right.
 *
 *     main ──► files ──► workers ──► outcomes ──► main ──► report    lower run: a batch, and its `then`
 *                          │            ▲
 *                     too big           │ lanes, worked by an Elevator
 *                          ▼            │
 *                      big-files ──► upper workers                   upper run
 *
 * What you should see: the progress bar; a worker is killed with -9 when a part is done, and another
 * takes its place: its files are back after its lease, three seconds. Then the figures, where the report is,
 * and that it equals the output of sha256sum.
 */
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@marblerun/test-support';
import { PATIENCE_MS, type Scene } from '../stage/scene.js';
import type { Bus, Stage } from '../stage/stage.js';
import { sha256sum } from './verify.js';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = resolve(PROJECT, 'node_modules');
const REPORT = resolve(PROJECT, '.demo/checksums.txt');
const ENOUGH_TO_KILL_AT = 2000;

export const checksums: Scene = {
  title: 'a real job: checksums of thousands of files, equal to those of sha256sum',
  play: async (stage) => {
    const { lower, startWorker } = await setChecksumStage(stage);
    const killed = startWorker('worker 1');
    startWorker('worker 2');
    const job = stage.program('checksums', 'checksums/main.js', lower, {
      args: [FOLDER, '--report', REPORT],
      inherit: true,
    });
    await Promise.race([job.exited, filesDone(ENOUGH_TO_KILL_AT, lower)]);
    await killed.kill('SIGKILL');
    stage.say('worker 1 was killed with -9; worker 3 takes its place');
    startWorker('worker 3');
    const { code } = await job.exited;
    if (code !== 0) throw new Error(`the job ended with ${String(code)}`);
    if (!(await sha256sum(FOLDER)).equals(await readFile(REPORT))) throw new Error('sha256sum says something else');
    stage.say(`the report is ${relative(process.cwd(), REPORT)}; it equals the output of sha256sum`);
  },
};

/** Sets up two buses, an Elevator between them, and an upper worker; the caller starts the lower ones. */
export async function setChecksumStage(stage: Stage) {
  const [lower, upper] = await Promise.all([stage.bus('lower'), stage.bus('upper')]);
  const startElevator = () =>
    stage.elevator(
      { from: lower, to: upper, queues: ['big-files'] },
      { from: upper, to: lower, queues: ['outcomes/*'] },
    );
  const startWorker = (name: string) => stage.program(name, 'checksums/worker.js', lower);
  const startUpperWorker = (name: string) => stage.program(name, 'checksums/upper-worker.js', upper);
  const [elevator, upperWorker] = [await startElevator(), startUpperWorker('upper worker')];
  return { lower, upper, elevator, upperWorker, startElevator, startWorker, startUpperWorker };
}

/** Waits until so many marbles of `files` are finished, by the Monitor's count. */
export async function filesDone(count: number, { name, monitor }: Bus): Promise<void> {
  const enough = async () => {
    const { queues } = await monitor.get<{ queues: { queue: string; counts: { finished: number } }[] }>(
      `/api/runs/${name}/queues`,
    );
    return queues.some(({ queue, counts }) => queue === 'files' && counts.finished >= count);
  };
  await until(`${count} files are done`, enough, { deadlineMs: PATIENCE_MS });
}
