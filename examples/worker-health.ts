/**
 * Is the worker of this host alive? Exits 0 or 1.
 *
 * Asks the bus whether the worker's heartbeat is heard: a worker that computes for minutes counts as
 * healthy, one that lost the bus does not. It reads the same settings as the worker.
 */
import { hostname } from 'node:os';
import { Communicator, readRedisVariable, readVariable } from 'marblerun/communicator';

try {
  process.exitCode = (await isHeard(hostname())) ? 0 : 1;
  if (process.exitCode === 1) console.error(`no holder of host ${hostname()} is heard of`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function isHeard(host: string): Promise<boolean> {
  const bus = new Communicator({
    redis: readRedisVariable(process.env)?.value ?? 'redis://localhost:6379',
    run: readVariable(process.env, 'MARBLERUN_RUN')?.value ?? 'main',
    ...{ connectTimeoutMs: 3000, retryTimeoutMs: 3000 },
  });
  try {
    const { status } = bus;
    const [now, holders] = [await status.now(), await status.holders(await status.holderCount())];
    return holders.some(({ about, leaseUntil }) => about['host'] === host && leaseUntil > now);
  } finally {
    await bus.close();
  }
}
