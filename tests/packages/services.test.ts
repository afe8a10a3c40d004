/**
 * The packed Monitor and Elevator: installed into an empty folder, started as `npx` starts them, and run inside a
 * program.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { Program, freshBus, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { envOf, installPacked } from './installed.js';

const run = promisify(execFile);
const packages = ['marblerun', '@marblerun/service', '@marblerun/monitor', '@marblerun/elevator'];
const { folder, remove } = await installPacked(...packages);
afterAll(() => remove());

/** Returns the program that `npx <package>` runs: the only one of a package. */
async function binOf(name: string): Promise<string> {
  const { stdout } = await run('npm', ['pkg', 'get', 'bin', '--prefix', join(folder, 'node_modules', name)]);
  const bins = Object.keys(JSON.parse(stdout) as object);
  expect(bins).toHaveLength(1);
  return join(folder, 'node_modules/.bin', bins[0]!);
}

const LOCAL = { MARBLERUN_HOST: '127.0.0.1', MARBLERUN_PORT: '0' };
const lanes = { runs: { a: freshBus(), b: freshBus() }, lanes: [{ name: 'up', from: 'a', to: 'b' }] };

test.each([
  ['@marblerun/monitor', () => ({ MARBLERUN_RUN: freshBus().run }), '/'],
  ['@marblerun/elevator', () => ({ MARBLERUN_LANES: JSON.stringify(lanes) }), '/api/lanes'],
])('npx %s starts it, and SIGTERM ends it', async (name, env, path) => {
  const program = new Program(await binOf(name), {
    cwd: folder,
    env: { ...LOCAL, MARBLERUN_REDIS: freshBus().redis, ...env() },
  });
  const { port } = JSON.parse(await program.line(/"msg":"listening"/)) as { port: number };
  const url = `http://127.0.0.1:${port}`;
  await until('it is ready', async () => (await fetch(`${url}/health/ready`)).ok);
  expect((await fetch(url + path)).status).toBe(200);
  expect(await program.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('both are started and stopped inside of a program, which then ends', async () => {
  const [below, above] = [freshBus(), freshBus()];
  await writeFile(
    join(folder, 'inside.mjs'),
    `import { startMonitor } from '@marblerun/monitor';
import { startElevator } from '@marblerun/elevator';
import { Marble } from 'marblerun';
const { redis } = ${JSON.stringify(below)};
const monitor = await startMonitor({ redis, run: '${below.run}', promoteMs: 20 });
const runs = { below: { redis, run: '${below.run}' }, above: { redis, run: '${above.run}' } };
const elevator = await startElevator({ runs, lanes: [{ name: 'up', from: 'below', to: 'above' }] });
const [one, other] = [new Marble({ redis, run: '${below.run}' }), new Marble({ redis, run: '${above.run}' })];
await one.send('q', 'delayed', { delayMs: 50 });
await one.elevate('p', await one.wait('q'));
console.log(await other.wait('p'));
await Promise.all([one.finish(), other.finish()]);
await Promise.all([one.close(), other.close(), monitor.stop(), elevator.stop()]);
`,
  );
  const said = await run(process.execPath, ['inside.mjs'], { cwd: folder, env: envOf(below), timeout: 30_000 });
  expect(said).toEqual({ stdout: 'delayed\n', stderr: '' });
  const marble = new Marble(below);
  expect(await marble.status()).toMatchObject({ monitors: [], later: 0, holders: 0 });
  await marble.close();
});
