/**
 * Is the worker of this host alive? Exits 0 or 1.
 *
 * Asks the bus whether the worker's heartbeat is heard: a worker that computes for minutes counts as
 * healthy, one that lost the bus does not.
 */
import { hostname } from 'node:os';
import { Communicator } from 'marblerun/communicator';

const bus = new Communicator({
  redis: process.env['MARBLERUN_REDIS'] || 'redis://localhost:6379',
  run: process.env['MARBLERUN_RUN'] || 'main',
  ...{ connectTimeoutMs: 3000, retryTimeoutMs: 3000 },
});
try {
  const { status } = bus;
  const [now, holders] = [await status.now(), await status.holders(await status.holderCount())];
  const alive = holders.some(({ about, leaseUntil }) => about['host'] === hostname() && leaseUntil > now);
  if (!alive) console.error(`no holder of host ${hostname()} is heard of`);
  process.exitCode = alive ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  await bus.close();
}
