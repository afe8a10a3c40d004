/** An Elevator inside a test: it carries, stops, and refuses mistakes in terms of its options. */
import { expect, test } from '@jest/globals';
import { freshBus } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { startElevator } from './start.js';

const quiet = { logLevel: 'silent', pollMs: 10 };

test('what is elevated arrives while it runs', async () => {
  const [lower, upper] = [freshBus(), freshBus()];
  const lanes = [{ name: 'up', from: 'lower', to: 'upper' }];
  const elevator = await startElevator({ ...quiet, runs: { lower, upper }, lanes });
  const [below, above] = [new Marble(lower), new Marble(upper)];
  await below.elevate('q', 'upwards');
  expect(await above.wait('q')).toBe('upwards');
  await above.finish();
  await Promise.all([below.close(), above.close(), elevator.stop()]);
});

test('with a port it serves its API', async () => {
  const runs = { lower: freshBus(), upper: freshBus() };
  const lanes = [{ name: 'up', from: 'lower', to: 'upper' }];
  const elevator = await startElevator({ ...quiet, port: 0, runs, lanes });
  expect(await (await fetch(`${elevator.url}/api/lanes`)).json()).toMatchObject([{ lane: 'up', depth: 0 }]);
  await elevator.stop();
});

test.each([
  [{ pollMs: 'often' }, 'MR_BAD_OPTION', /startElevator: .*pollMs: "often"/s],
  [{ pullMs: 1 }, 'MR_BAD_OPTION', /pullMs: there is no such option; did you mean pollMs\?/],
  [{ lanes: [{ name: 'up', from: 'lower', to: 'nowhere' }] }, 'MR_BAD_LANES', /nowhere/],
])('startElevator refuses %j with %s', async (options, code, message) => {
  const runs = { lower: freshBus(), upper: freshBus() };
  const all = { ...quiet, runs, lanes: [{ name: 'up', from: 'lower', to: 'upper' }], ...options } as never;
  await expect(startElevator(all)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});
