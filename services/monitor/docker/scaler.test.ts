/**
 * A Monitor scales under a duty: whose duty has passed to another sends no command. The engine is a server that answers
 * as one; stories with a real engine are in tests/containers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { holdersOf, keysOf } from '@marblerun/internal';
import { createLogger } from '@marblerun/service';
import { freshBus, until, type Bus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator, encodeEnvelope } from 'marblerun/communicator';
import { Registry } from 'prom-client';
import { createUpkeepMetrics } from './upkeep-metrics.js';
import { Engine } from './engine.js';
import { Scaler } from './scaler.js';

const ID = 'abcdef123456'.padEnd(64, '0');
const LABELS = {
  ...{ 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'worker' },
  ...{ 'com.docker.compose.container-number': '1', 'com.docker.compose.config-hash': 'one' },
  ...{ 'marblerun.scale.min': '1', 'marblerun.scale.max': '3', 'marblerun.scale.target': '1' },
  'marblerun.scale.queues': 'q',
};

let bus: Bus;
let folder: string;
let server: Server;
let redis: Redis;
let labels: Record<string, string>;
/** The commands that the engine was sent. */
let commands: string[];
/** Called when a container is inspected, before the answer. */
let onInspect: () => Promise<unknown>;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  bus = freshBus();
  redis = new Redis(bus.redis);
  folder = mkdtempSync(join(tmpdir(), 'marblerun-scaler-'));
  labels = { ...LABELS, 'marblerun.run': bus.run };
  commands = [];
  onInspect = () => Promise.resolve();
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://docker').pathname;
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.method !== 'GET') commands.push(`${request.method} ${path.replace(/[0-9a-f]{64}/, 'ID')}`);
    if (path === '/containers/json')
      answer(200, [{ Id: ID, Names: ['/shop-worker-1'], Labels: labels, State: 'running', Image: 'x' }]);
    else if (path.endsWith('/json')) void onInspect().then(() => answer(200, inspected()));
    else if (path === '/containers/create') answer(201, { Id: 'f'.repeat(64) });
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  redis.disconnect();
  rmSync(folder, { recursive: true });
});

const inspected = () => ({
  ...{ Id: ID, Name: '/shop-worker-1', Config: { Hostname: ID.slice(0, 12), Labels: labels } },
  ...{ HostConfig: { NetworkMode: 'none' }, NetworkSettings: { Networks: {} }, State: { StartedAt: 'then' } },
});

function scaler(): Scaler {
  const [communicator, engine] = [new Communicator(bus), new Engine({ socketPath: join(folder, 'docker.sock') })];
  closing.push(
    () => communicator.close(),
    () => engine.close(),
  );
  const metrics = createUpkeepMetrics(new Registry(), [bus.run]);
  const coolDown = { upMs: 1, downMs: 1 };
  return new Scaler(bus.run, { communicator, engine, metrics, coolDown, log: createLogger('monitor', 'silent') });
}

/** Two marbles wait, and a holder is in the container. */
async function load(): Promise<void> {
  const communicator = new Communicator(bus);
  closing.push(() => communicator.close());
  const envelope = encodeEnvelope({ id: 'm', attempt: 0, sentAt: 1, type: 'j' }, '1');
  await communicator.push([1, 2].map(() => ({ kind: 'back', queue: 'q', envelope })));
  const description = { host: ID.slice(0, 12) };
  const options = { leaseMs: 60_000, timeLimitMs: 0, maxAttempts: 5, description };
  const holders = holdersOf(communicator);
  await holders.holding(holders.waitingConnection(1000), options).enter();
}

const state = ({ services }: Scaler) => services?.map((service) => service.state).join('; ');

test('a container is made and started, by one of two Monitors', async () => {
  await load();
  const [one, other] = [scaler(), scaler()];
  await until('a step is taken', async () => {
    await Promise.all([one.look(), other.look()]);
    return commands.length > 0;
  });
  expect(commands).toEqual(['POST /containers/create', 'POST /containers/ID/start']);
  const [owner, idle] = one.services ? [one, other] : [other, one];
  expect([owner.services?.length, idle.services]).toEqual([1, undefined]);
  expect(await idle.noted()).toMatchObject([
    { project: 'shop', service: 'worker', running: 2, wanted: 2, min: 1, max: 3 },
  ]);
  await owner.stop();
  await idle.look();
  expect(idle.services).toHaveLength(1);
});

test('one whose duty passes to another in the middle of a step sends no command', async () => {
  await load();
  const late = scaler();
  let inspections = 0;
  onInspect = async () => {
    inspections++;
    const { duties } = keysOf(bus.run);
    const [fence, ends] = (await redis.hget(duties, 'scale'))!.split(' ');
    await redis.hset(duties, 'scale', `${Number(fence) + 1} ${ends} another `);
  };
  await until('it is about to make one', async () => {
    await late.look();
    return inspections > 0;
  });
  expect([commands, late.services]).toEqual([[], undefined]);
  expect(await redis.hget(keysOf(bus.run).duties, 'scale')).toMatch(/ another $/);
});

test.each([
  [{ 'marblerun.scale.target': '0' }, /^shop-worker-1: label marblerun.scale.target: "0" is not allowed/],
  [{ 'marblerun.scale.min': '4' }, /label marblerun.scale.max: 3 is less than marblerun.scale.min/],
  [{ 'marblerun.run': 'RUN, other' }, /label marblerun.run: "RUN, other" names several runs/],
])('a label that makes no sense is told with its container: %j', async (wrong, said) => {
  Object.assign(labels, wrong);
  labels['marblerun.run'] = labels['marblerun.run']!.replace('RUN', bus.run);
  const one = scaler();
  await one.look();
  expect(state(one)?.replace(bus.run, 'RUN')).toMatch(said);
  expect(one.services).toMatchObject([{ isTrouble: true }]);
  expect(commands).toEqual([]);
});

test('a container that compose has not made is not copied', async () => {
  delete labels['com.docker.compose.container-number'];
  const one = scaler();
  await one.look();
  expect(state(one)).toMatch(/^shop-worker-1: label com.docker.compose.container-number: is not given/);
});

test('what others wrote in the place of the note counts as nothing', async () => {
  await redis.hset(keysOf(bus.run).duties, 'scale', `1 0 somebody {"services": 7}`);
  const one = scaler();
  await one.look();
  expect(one.services).toMatchObject([{ service: 'worker', running: 1 }]);
  expect(await one.noted()).toHaveLength(1);
});
