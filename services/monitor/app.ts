/**
 * Builds the Monitor service; main.ts lets it listen.
 */
import { Troubles, VERSION, createLogger, createServer, type Service } from '@marblerun/service';
import { describeRedis, parseRedis } from 'marblerun/communicator';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { registerApi } from './api.js';
import type { MonitorConfig } from './config.js';
import { registerDashboard } from './dashboard.js';
import { watchDocker } from './docker/docker.js';
import { collectorOf } from './metrics.js';
import { RunMonitor } from './run-monitor.js';
import { createSweepMetrics } from './sweep-metrics.js';

export function buildMonitor(config: MonitorConfig): Service {
  const log = createLogger('monitor', config.logLevel);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const sweepMetrics = createSweepMetrics(registry, config.runs);
  const troubles = new Troubles(log);
  const docker = watchDocker(config, { log, troubles, registry });
  const parts = { log, metrics: sweepMetrics, troubles, docker };
  const monitors = config.runs.map((run) => new RunMonitor(run, config, parts));
  const running = docker ? [docker, ...monitors] : monitors;
  const collect = collectorOf(registry, { monitors, docker }, config);

  const readiness = () => ({
    ready: monitors.every((monitor) => monitor.ready),
    detail: { runs: Object.fromEntries(monitors.map((monitor) => [monitor.run, monitor.detail])) },
  });
  const { access, hosts } = config;
  const about = { service: 'monitor', title: 'MarbleRun Monitor', hosts, log, access };
  const server = createServer({ ...about, registry, collect, readiness });
  registerApi(server, monitors, access);
  registerDashboard(server);
  return {
    ...{ server, log, host: config.host, port: config.port, drainMs: config.drainMs },
    about: { version: VERSION, runs: config.runs, redis: describeRedis(parseRedis(config.redis)) },
    start: () => {
      for (const part of running) part.start();
    },
    stop: async () => {
      await Promise.all(running.map((part) => part.stop()));
    },
  };
}
