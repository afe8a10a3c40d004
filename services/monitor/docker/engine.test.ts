/**
 * Questions to an engine, and what is understood of its answers, with servers that answer as engines, proxies and others
 * do. Stories with a real engine are in tests/containers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Troubles, createLogger } from '@marblerun/service';
import { EngineDouble, until } from '@marblerun/test-support';
import { EngineWatch } from './engine-watch.js';
import { Engine } from './engine.js';
import type { EngineEvent } from './events.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
let socketPath: string;
let server: Server | undefined;
let engine: Engine;
let doubles: EngineDouble[];

beforeEach(() => {
  doubles = [];
  folder = mkdtempSync(join(tmpdir(), 'marblerun-engine-'));
  socketPath = join(folder, 'docker.sock');
  engine = new Engine({ socketPath });
});

afterEach(async () => {
  engine.close();
  await Promise.all(doubles.map((double) => double.remove()));
  await stop();
  rmSync(folder, { recursive: true });
});

const listen = (answer: Answer) =>
  new Promise<void>((resolve) => {
    server = createServer(answer).listen(socketPath, resolve);
  });

async function stop(): Promise<void> {
  const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server?.closeAllConnections();
  await closed;
  server = undefined;
}

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const ID = 'a'.repeat(64);
const WORKER = { id: ID, name: 'worker-1', labels: { 'marblerun.run': 'main' }, state: 'running' };

async function opened(): Promise<EngineDouble> {
  const double = new EngineDouble();
  await double.open();
  doubles.push(double);
  return double;
}

test('a socket that is not there is named, and so is an engine that refuses', async () => {
  await expect(engine.containers()).rejects.toMatchObject({
    code: 'MR_DOCKER_UNAVAILABLE',
    message: `docker: cannot list containers at unix://${socketPath}: there is no such socket (MR_DOCKER_UNAVAILABLE)`,
  });
  await listen((_, response) => json(response, 403, { message: 'this proxy lets only reads through' }));
  const refused = /cannot stop a{64} at unix:.*this proxy lets only reads through/;
  await expect(engine.stop(ID, 1)).rejects.toMatchObject({
    code: 'MR_DOCKER_REFUSED',
    message: expect.stringMatching(refused),
  });
});

test('something that is no engine is told from one', async () => {
  await listen((_, response) => json(response, 200, { hello: 'world' }));
  await expect(engine.containers()).rejects.toMatchObject({ code: 'MR_DOCKER_UNAVAILABLE' });
});

test('a container that is not there is no error when asked for; what is so already is no error of a command', async () => {
  await listen((request, response) =>
    request.method === 'GET' ? json(response, 404, { message: 'No such container' }) : response.writeHead(304).end(),
  );
  expect(await engine.inspect(ID)).toBeUndefined();
  await engine.start(ID);
});

test('an answer that stops half-way is broken off by close', async () => {
  let asked = false;
  await listen((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('[');
    asked = true;
  });
  const answer = engine.containers().catch((error: unknown) => error);
  await until('the question', () => asked);
  engine.close();
  expect(await answer).toMatchObject({
    code: 'MR_DOCKER_UNAVAILABLE',
    message: expect.stringContaining('the Monitor stops'),
  });
});

test('events that are told twice after a reconnect are heard once, with a listing after each connect', async () => {
  const double = await opened();
  const watch = new EngineWatch(
    new Engine({ socketPath: double.socketPath }),
    new Troubles(createLogger('test', 'silent')),
  );
  const heard: EngineEvent[] = [];
  let listings = 0;
  watch.tell({ heard: (event) => heard.push(event), listed: () => listings++ });
  expect(watch).toMatchObject({ isUp: false, trouble: 'not connected yet' });
  watch.start();
  await until('a stream and a listing', () => double.listeners === 1 && listings === 1);
  expect(watch).toMatchObject({ isUp: true, trouble: '' });
  const line = double.tell('die', WORKER);
  await until('the event', () => heard.length === 1);
  expect(heard[0]).toMatchObject({ id: WORKER.id, name: 'worker-1', action: 'die' });
  double.cut();
  await until('another stream and another listing', () => double.sinces.length === 2 && listings === 2);
  expect(double.sinces).toEqual([null, String(heard[0]!.at - 2)]);
  double.write(line.slice(0, 20));
  double.write(`${line.slice(20)}\n`);
  double.tell('health_status: unhealthy', WORKER);
  await until('the new event', () => heard.length === 2);
  await watch.stop();
  expect(heard[1]).toMatchObject({ action: 'health_status', health: 'unhealthy' });
});

test('an engine that goes and comes back is heard again, and so is one that told nonsense', async () => {
  const double = await opened();
  await double.close();
  const watch = new EngineWatch(
    new Engine({ socketPath: double.socketPath }),
    new Troubles(createLogger('test', 'silent')),
  );
  watch.start();
  await until('trouble', () => watch.trouble.includes('there is no such socket'));
  for (let times = 0; times < 2; times++) {
    await double.open();
    await until('events', () => watch.isUp);
    await double.close();
    await until('it is away again', () => !watch.isUp);
  }
  await double.open();
  await until('events again', () => watch.isUp && double.listeners === 1);
  double.write('{"this": "is no event"}\n');
  await until('another stream', () => double.sinces.length === 4 && watch.isUp);
  await watch.stop();
});

test('a stopped watch leaves nothing behind: no stream, no timer', async () => {
  const double = await opened();
  const watch = new EngineWatch(
    new Engine({ socketPath: double.socketPath }),
    new Troubles(createLogger('test', 'silent')),
  );
  watch.start();
  await until('events', () => watch.isUp);
  await watch.stop();
  await until('the stream has ended', () => double.listeners === 0);
  expect(watch.isUp).toBe(false);
  await watch.stop();
});
