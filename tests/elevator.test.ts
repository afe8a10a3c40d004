/**
 * Between runs: a marble that is elevated once arrives once, whoever dies on the way.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RedisServer, freshBus, sharedRedis, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { startElevator, type ServiceProcess } from './services.js';

let cleanUp: (() => Promise<unknown>)[];
beforeEach(() => {
  cleanUp = [];
});
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
});

function twoRuns(upperRedis = sharedRedis()) {
  const [lower, upper] = [freshBus(), freshBus(upperRedis)];
  const [marble, above] = [new Marble(lower), new Communicator(upper)];
  cleanUp.push(
    () => marble.close(),
    () => above.close(),
  );
  const MARBLERUN_LANES = JSON.stringify({
    runs: { lower, upper },
    lanes: [{ name: 'up', from: 'lower', to: 'upper' }],
  });
  const start = async () => {
    const service = await startElevator({ MARBLERUN_LANES, MARBLERUN_BATCH_MARBLES: '20' });
    cleanUp.push(() => service.program.kill());
    return service;
  };
  return { marble, above, start };
}

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i);
const arrived = async (above: Communicator) =>
  (await above.dump('work', 0, 1_000_000)).map(({ data }) => Number(data.toString()));
const total = async (services: ServiceProcess[], event: string) => {
  const texts = await Promise.all(services.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  return texts
    .flatMap(
      (text) => text.match(new RegExp(`^marblerun_lane_marbles_total.*event="${event}".* (\\d+)$`, 'm'))?.[1] ?? [],
    )
    .reduce((sum, n) => sum + Number(n), 0);
};

test('every marble arrives once, in order, while Elevators are killed again and again', async () => {
  const { marble, above, start } = twoRuns();
  const services = [await start(), await start()];
  let [sent, enough] = [0, false];
  const sending = (async () => {
    while (!enough) await marble.elevate('work', sent++);
  })();
  for (let kills = 0; kills < 4; kills++) {
    const before = (await arrived(above)).length;
    await until('more have arrived', async () => (await arrived(above)).length > before + 100);
    await services[kills % 2]!.program.kill();
    services[kills % 2] = await start();
  }
  enough = true;
  await sending;
  await until('all have arrived', async () => (await arrived(above)).length >= sent);
  expect(await arrived(above)).toEqual(numbers(sent));
  expect(await total(services, 'gap')).toBe(0);
});

test('marbles wait below while the upper run is away, and the Elevator says so', async () => {
  const redis = await RedisServer.start(['--appendonly', 'yes']);
  cleanUp.push(() => redis.stop());
  const { marble, above, start } = twoRuns(redis.url);
  const elevator = await start();
  await until('it is ready', () => elevator.program.isReady());
  await redis.kill();
  await marble.elevate('work', 1);
  await until('it says that it is not ready', async () => !(await elevator.program.isReady()));
  await until('the lane shows what waits', async () =>
    (await (await fetch(`${elevator.url}/metrics`)).text()).includes('marblerun_lane_depth{lane="up"} 1'),
  );
  await redis.restart();
  await until('it has arrived', async () => (await arrived(above)).length === 1, { deadlineMs: 40_000 });
  await until('it is ready again', () => elevator.program.isReady(), { deadlineMs: 40_000 });
});
