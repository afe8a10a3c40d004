/**
 * Builds the Elevator service; main.ts lets it listen.
 */
import { createLogger, createServer, type Service } from '@marblerun/service';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { z } from 'zod';
import type { ElevatorConfig } from './config.js';
import { Elevator } from './elevator.js';

const laneStatus = z.object({
  lane: z.string(),
  from: z.string(),
  to: z.string(),
  depth: z.number(),
  lagMs: z.number(),
});

export function buildElevator(config: ElevatorConfig): Service {
  const log = createLogger('elevator', config.logLevel);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const elevator = new Elevator(config, log, registry);
  const server = createServer({ log, registry, collect: elevator.collect, readiness: () => elevator.readiness() });
  server.get('/api/lanes', { schema: { response: { 200: z.array(laneStatus) } } }, () =>
    Promise.all(
      elevator.carriers.map(async ({ lane, status }) => ({
        lane: lane.name,
        from: lane.from.run,
        to: lane.to.run,
        ...(await status()),
      })),
    ),
  );
  const { host, port, drainMs } = config;
  return { server, log, host, port, drainMs, start: () => elevator.start(), stop: () => elevator.stop() };
}
