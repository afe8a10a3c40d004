import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisServer, until } from '@marblerun/test-support';
import { buildElevator } from './app.js';
import { readConfig } from './config.js';

let upper: RedisServer;
let elevator: ReturnType<typeof buildElevator>;
let address: string;

beforeAll(async () => {
  upper = await RedisServer.start();
  const lanes = {
    runs: { below: { run: 'elevator-app' }, above: { redis: upper.url } },
    lanes: [{ name: 'up', from: 'below', to: 'above' }],
  };
  elevator = buildElevator(
    readConfig({
      MARBLERUN_REDIS: process.env['MARBLERUN_TEST_REDIS'],
      MARBLERUN_LANES: JSON.stringify(lanes),
      MARBLERUN_LOG_LEVEL: 'silent',
    }),
  );
  address = await elevator.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await elevator.server.close();
  await elevator.stop();
  await upper.stop();
});

const ready = () => fetch(`${address}/health/ready`);

test('an Elevator is ready while it has nothing to carry, and says so when a run goes and comes back', async () => {
  expect((await ready()).status).toBe(503);
  expect((await fetch(`${address}/health/live`)).status).toBe(200);
  elevator.start();
  await until('it is ready', async () => (await ready()).status === 200);

  await upper.kill();
  await until('it is not', async () => (await ready()).status === 503);
  expect(await (await ready()).json()).toMatchObject({ status: 'not ready', runs: { below: 'ready' } });
  expect((await fetch(`${address}/health/live`)).status).toBe(200);

  await upper.restart();
  await until('it is ready again', async () => (await ready()).status === 200);
});
