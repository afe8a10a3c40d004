/**
 * One Redis of its own for all tests that need just a bus; each test takes a run of its own on it.
 * Stories that kill, fill or restart Redis start one themselves (tests/support).
 */
import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default async function globalSetup() {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'marblerun-tests-'));
  const server = spawn('redis-server', ['--port', String(port), '--dir', dir, '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
  });
  server.on('error', (error) => {
    throw new Error(`the tests need redis-server on the PATH (make test installs it): ${error.message}`);
  });
  await listening(port);
  globalThis.marblerunTestRedis = server;
  process.env.MARBLERUN_TEST_REDIS = `redis://127.0.0.1:${port}`;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function listening(port, deadline = Date.now() + 10_000) {
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > deadline) throw new Error(`redis-server does not listen on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
