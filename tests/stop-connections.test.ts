/**
 * SIGTERM while a client is connected that says nothing, or not everything: a service waits for no such client.
 */
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { ServiceProgram, freshBus, until } from '@marblerun/test-support';

const bus = freshBus();
const ANSWERED = 'GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n';
/** The code that each client runs before the signal. */
const CLIENTS: readonly string[] = [
  '',
  'G',
  'GET /health/live HTTP/1.1\r\nhost: localhost\r\n',
  'POST /api/runs/x/dead/requeue HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  'POST /api/runs/x/dead/requeue HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{',
  ANSWERED,
  `${ANSWERED}GET /hea`,
];
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function client(port: number, says: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  cleanUp.push(() => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  const answered = new Promise((resolve) => socket.once('data', resolve));
  if (says !== '') await new Promise((resolve) => socket.write(says, resolve));
  if (says.startsWith(ANSWERED)) await answered;
  return socket;
}

const lanes = JSON.stringify({ runs: { a: {}, b: {} }, lanes: [{ name: 'up', from: 'a', to: 'b' }] });
const SERVICES = [
  ['monitor', { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run }],
  ['elevator', { MARBLERUN_REDIS: bus.redis, MARBLERUN_LANES: lanes }],
] as const;

test.each(SERVICES)('a %s ends within a second, in order, whoever is connected', async (kind, env) => {
  const program = new ServiceProgram(kind, { env });
  cleanUp.push(() => program.kill());
  const { port } = new URL(await program.url());
  await until('it is ready', () => program.isReady());
  const clients = await Promise.all([...CLIENTS, ...CLIENTS].map((says) => client(Number(port), says)));
  expect(clients.every(({ destroyed }) => !destroyed)).toBe(true);
  const told = Date.now();
  program.signal('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - told).toBeLessThan(1000);
});
