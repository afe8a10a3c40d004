/**
 * Checks whether the worker of this container is heard on the bus. Exits 0 or 1.
 *
 * It asks the bus whether the lease of the worker's holder runs. A worker that computes for minutes counts as healthy;
 * one that lost the bus does not. The worker's pulse (worker-pulse.ts) names the holder, so one question is enough,
 * however many workers there are. The check reads the same settings as the worker.
 */
import { Communicator, readRedisVariable, readVariable } from 'marblerun/communicator';
import { readPulse } from './worker-pulse.js';

try {
  const { holder } = readPulse();
  if (holder === undefined) throw new Error('the worker has not begun');
  if (!(await isHeard(holder))) throw new Error(`no heartbeat of holder ${holder} is heard`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function isHeard(holder: string): Promise<boolean> {
  const bus = new Communicator({
    redis: readRedisVariable(process.env)?.value ?? 'redis://localhost:6379',
    run: readVariable(process.env, 'MARBLERUN_RUN')?.value ?? 'main',
    ...{ connectTimeoutMs: 3000, retryTimeoutMs: 3000 },
  });
  try {
    return await bus.status.isHeard(holder);
  } finally {
    await bus.close();
  }
}
