import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { RedisServer, until } from '@marblerun/test-support';
import { Communicator, encodeEnvelope, newId } from 'marblerun/communicator';
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
      MARBLERUN_BATCH_MARBLES: '1',
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

test('an Elevator that carries for long is ready meanwhile', async () => {
  const below = new Communicator({ redis: process.env['MARBLERUN_TEST_REDIS']!, run: 'elevator-app' });
  const header = () => ({ id: newId(), attempt: 0, sentAt: 1, type: 'j' as const });
  const outputs = Array.from({ length: 8000 }, () => ({
    ...{ kind: 'up' as const, queue: 'long' },
    envelope: encodeEnvelope(header(), '1'),
  }));
  await below.push(outputs);
  const left = async () => (await below.status.outboxes())[0]?.depth ?? 0;
  await until('it carries', async () => (await left()) < 8000);
  const now = Date.now.bind(Date);
  // every loop that has not succeeded since counts as late
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + 60_000);
  await until('it is ready', async () => (await ready()).status === 200);
  expect(await left()).toBeGreaterThan(0);
  clock.mockRestore();
  await below.close();
});
