/** `make audit` fails where it should. The registry here knows only the advisories that a test gives it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const root = new URL('../..', import.meta.url).pathname;
let registry: Server | undefined;
let cache: string; // npm keeps the advisories that it has seen
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'marblerun-audit-'));
});
afterEach(async () => {
  registry?.close();
  registry?.closeAllConnections();
  await rm(cache, { recursive: true, force: true });
});

/** Starts a registry. `known` is a package of which every version has a vulnerability. */
async function startRegistry(known: Record<string, 'high' | 'moderate'>, answersAudits = true): Promise<string> {
  const advisories = Object.entries(known).map(([name, severity]) => [
    name,
    [{ id: 1, url: 'about:advisory', title: 'told by a test', severity, vulnerable_versions: '*' }],
  ]);
  registry = createServer((request, reply) => {
    const isAudit = request.method === 'POST' && request.url!.endsWith('/advisories/bulk');
    reply.writeHead(isAudit && answersAudits ? 200 : 405, { 'content-type': 'application/json' });
    request.resume().once('end', () => reply.end(JSON.stringify(Object.fromEntries(advisories))));
  });
  await new Promise<void>((resolve) => registry!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
}

function audit(url: string): Promise<{ failed: boolean; shipped: string; all: string }> {
  const env = { ...process.env, npm_config_registry: url, npm_config_cache: cache, npm_config_fetch_retries: '0' };
  return new Promise((resolve) =>
    execFile('make', ['audit'], { cwd: root, env }, (error, stdout) => {
      const [shipped = '', all = ''] = stdout.split('All of .');
      resolve({ failed: error !== null, shipped, all });
    }),
  );
}

test.each(['ioredis', 'pino', '@fastify/static'])('it fails where %s, which is shipped, has one', async (name) => {
  const { failed, shipped } = await audit(await startRegistry({ [name]: 'high' }));
  expect([failed, shipped]).toEqual([true, expect.stringContaining(`node_modules/${name}`)]);
});

test.each([
  ['jest', 'high'],
  ['kubernetes-models', 'high'],
  ['webpack', 'high'],
  ['ioredis', 'moderate'],
] as const)('it tells of %s, %s, and does not fail', async (name, severity) => {
  const { failed, all } = await audit(await startRegistry({ [name]: severity }));
  expect([failed, all]).toEqual([false, expect.stringContaining(`node_modules/${name}`)]);
});

test('it does not fail where nothing is known', async () => {
  const { failed, shipped, all } = await audit(await startRegistry({}));
  expect([failed, `${shipped} ${all}`.match(/found 0 vulnerabilities/g)?.length]).toEqual([false, 4]);
});

test('it fails where the registry answers no audits', async () => {
  const { failed, all } = await audit(await startRegistry({}, false));
  expect([failed, all]).toEqual([true, expect.not.stringContaining('found 0')]);
});
