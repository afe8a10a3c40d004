/**
 * The services as processes of a test, on free ports.
 */
import { createRequire } from 'node:module';
import { Program, freePort, until } from '@marblerun/test-support';

const require = createRequire(import.meta.url);

export interface ServiceProcess {
  readonly program: Program;
  readonly url: string;
}

export const startMonitor = (env: Record<string, string>) =>
  startService('@marblerun/monitor', { MARBLERUN_SWEEP_MS: '50', ...env });

export const startElevator = (env: Record<string, string>) =>
  startService('@marblerun/elevator', { MARBLERUN_POLL_MS: '20', ...env });

/** Resolves when it is live; ready it may be later. On a free port, unless `env` names one. */
async function startService(name: string, env: Record<string, string>): Promise<ServiceProcess> {
  const main = require.resolve(name).replace(/index\.js$/, 'main.js');
  const port = env['MARBLERUN_PORT'] ?? (await freePort());
  const program = new Program(main, { env: { MARBLERUN_HOST: '127.0.0.1', MARBLERUN_PORT: String(port), ...env } });
  const url = `http://127.0.0.1:${port}`;
  await until(`${name} is live`, async () => {
    if (!program.running) throw new Error(program.errors.join('\n'));
    return (await fetch(`${url}/health/live`)).ok;
  });
  return { program, url };
}

export async function ready({ url }: ServiceProcess): Promise<boolean> {
  return (await fetch(`${url}/health/ready`)).ok;
}
