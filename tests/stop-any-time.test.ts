/**
 * SIGTERM at any moment after the start, while Redis is there, away or hung. Each program ends in order, long before
 * the grace period of its container is over (15 s in compose, 20 s and 30 s in Kubernetes).
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Program, RedisServer, ServiceProgram, sleep } from '@marblerun/test-support';

const WORKER = new URL('../../examples/dist/worker.js', import.meta.url).pathname;
/** Reports when the program listens to SIGTERM, and how much CPU time, in ms, it has used until then. */
const LISTENS = `
  const begun = process.cpuUsage();
  const cpuMs = ({ user, system }) => Math.round((user + system) / 1000);
  process.on('newListener', function look(name) {
    if (name !== 'SIGTERM') return;
    process.off('newListener', look);
    console.log('listens after ' + cpuMs(process.cpuUsage(begun)) + ' ms');
  });`;
const BEGUN = `data:text/javascript,${encodeURIComponent(LISTENS)}`;
/**
 * The CPU time before a program listens. Loading what a service is made of takes about ten times as much. CPU time is
 * the same on a busy machine.
 */
const FIRST_THING_CPU_MS = 100;
/** The moments of the signal, in ms after that. A service loads what it is made of until some 500 ms. */
const MOMENTS = [0, 20, 40, 90, 140, 240, 340, 540, 840, 1440];
const AT_ONCE_MS = 6000;
const OPTIONS = { NODE_OPTIONS: `--import=${BEGUN}` };
let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const lanes = (url: string) =>
  JSON.stringify({
    runs: { a: { redis: url }, b: { redis: url } },
    lanes: [{ name: 'up', from: 'a', to: 'b' }],
  });
const PROGRAMS: [string, (url: string) => Program][] = [
  ['Monitor', (url) => new ServiceProgram('monitor', { env: { ...OPTIONS, MARBLERUN_REDIS: url } })],
  ['Elevator', (url) => new ServiceProgram('elevator', { env: { ...OPTIONS, MARBLERUN_LANES: lanes(url) } })],
  ['worker', (url) => new Program(WORKER, { env: { ...OPTIONS, MARBLERUN_REDIS: url } })],
];

async function stopAt(program: Program, ms: number) {
  try {
    const begun = await program.line(/^listens after \d+ ms$/);
    expect(Number(/\d+/.exec(begun)![0])).toBeLessThan(FIRST_THING_CPU_MS);
    await sleep(ms); // the moment is what the case is about
    const told = Date.now();
    program.signal('SIGTERM');
    const exit = await Promise.race([program.exited, sleep(AT_ONCE_MS).then(() => 'still there')]);
    return { ms, exit, took: Date.now() - told, wrote: exit === 'still there' ? program.lines.slice(-5) : [] };
  } finally {
    await program.kill();
  }
}

const CASES = PROGRAMS.flatMap(([name, start]) =>
  ['there', 'away', 'hung'].map((redis) => [name, redis, start] as const),
);

test.each(CASES)('%s with Redis %s: SIGTERM at ten moments ends it in order', async (_name, redis, start) => {
  if (redis === 'hung') server.signal('SIGSTOP');
  try {
    const url = redis === 'away' ? 'redis://127.0.0.1:1' : server.url;
    const ends = [];
    for (let i = 0; i < MOMENTS.length; i += 2)
      ends.push(...(await Promise.all(MOMENTS.slice(i, i + 2).map((ms) => stopAt(start(url), ms)))));
    expect(ends.map(({ ms, exit, wrote }) => ({ ms, exit, wrote }))).toEqual(
      MOMENTS.map((ms) => ({ ms, exit: { code: 0, signal: null }, wrote: [] })),
    );
  } finally {
    server.signal('SIGCONT');
  }
});
