/**
 * Builds the Elevator service; main.ts lets it listen.
 */
import {
  VERSION,
  createLogger,
  createServer,
  mayNeedToken,
  problems,
  registerReads,
  type Routes,
  type Service,
} from '@marblerun/service';
import { describeRedis, parseRedis } from 'marblerun/communicator';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { z } from 'zod';
import type { ElevatorConfig } from './config.js';
import { Elevator } from './elevator.js';
import type { Lane, Run } from './lanes.js';

const laneStatus = z.object({
  lane: z.string(),
  from: z.string(),
  to: z.string(),
  depth: z.number(),
  lagMs: z.number(),
  noList: z.array(z.string()).readonly(),
});

export function buildElevator(config: ElevatorConfig): Service {
  const log = createLogger('elevator', config.logLevel);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const elevator = new Elevator(config, log, registry);
  const { access, hosts } = config;
  const readiness = () => elevator.readiness();
  const server = createServer({
    service: 'elevator',
    title: 'MarbleRun Elevator',
    hosts,
    log,
    access,
    registry,
    collect: elevator.collect,
    readiness,
  });
  registerReads(server, access, (routes) => registerLanes(routes, elevator));
  const { host, port, drainMs } = config;
  const about = { version: VERSION, lanes: config.lanes.map(placesOf) };
  return { server, log, host, port, drainMs, about, start: () => elevator.start(), stop: () => elevator.stop() };
}

/** A lane for the log: no secrets. */
function placesOf({ name, from, to }: Lane) {
  const place = ({ run, redis }: Run) => ({ run, redis: describeRedis(parseRedis(redis)) });
  return { lane: name, from: place(from), to: place(to) };
}

function registerLanes(routes: Routes, elevator: Elevator): void {
  const response = { 200: z.array(laneStatus), ...problems };
  const schema = { summary: 'Lanes, and what waits for them', security: mayNeedToken, response };
  routes.get('/api/lanes', { schema }, () =>
    Promise.all(
      elevator.carriers.map(async ({ lane, status }) => ({
        lane: lane.name,
        from: lane.from.run,
        to: lane.to.run,
        ...(await status()),
      })),
    ),
  );
}
