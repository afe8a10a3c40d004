/**
 * A Monitor and an Elevator that listen, with the tokens that a test gives.
 */
import type { AddressInfo } from 'node:net';
import { buildElevator, readConfig as readElevatorConfig } from '@marblerun/elevator';
import { buildMonitor, readConfig as readMonitorConfig } from '@marblerun/monitor';
import { freshBus } from '@marblerun/test-support';

export type Services = Awaited<ReturnType<typeof startServices>>;

export async function startServices(env: Record<string, string> = {}, { redis, run } = freshBus()) {
  const { MARBLERUN_TOKEN = '', ...both } = env;
  const common = { MARBLERUN_REDIS: redis, MARBLERUN_LOG_LEVEL: 'silent', ...both };
  const lanes = { runs: { [run]: {}, upper: {} }, lanes: [{ name: 'up', from: run, to: 'upper' }] };
  const monitor = buildMonitor(readMonitorConfig({ ...common, MARBLERUN_RUN: run, MARBLERUN_TOKEN }));
  const elevator = buildElevator(readElevatorConfig({ ...common, MARBLERUN_LANES: JSON.stringify(lanes) }));
  const all = { monitor, elevator };
  for (const service of Object.values(all)) {
    await service.server.listen({ host: '127.0.0.1', port: 0 });
    service.start();
  }
  const port = (name: keyof typeof all) => (all[name].server.server.address() as AddressInfo).port;
  return {
    ...{ redis, run, port },
    ...all,
    get: (name: keyof typeof all, path: string, init: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${port(name)}${path}`, init),
    async stop() {
      await Promise.all(Object.values(all).flatMap(({ server, stop }) => [server.close(), stop()]));
    },
  };
}
