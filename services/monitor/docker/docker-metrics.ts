/**
 * Metrics of what a Docker engine tells. Their names are public and do not change. A Monitor that asks no engine has
 * none of them.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

/** Events that are counted. An `oom` may have killed a child only; `die` says that the container has ended. */
export const COUNTED = ['die', 'oom', 'kill', 'stop', 'pause', 'unpause', 'unhealthy'] as const;

export interface DockerMetrics {
  readonly up: Gauge<'run'>;
  readonly containers: Gauge<'run' | 'state'>;
  readonly events: Counter<'run' | 'event'>;
}

/** Creates the metrics. Every run has its series from the start: an increase from nothing to 1 would not show. */
export function createDockerMetrics(registry: Registry, runs: readonly string[]): DockerMetrics {
  const registers = [registry];
  const up = new Gauge({
    name: 'marblerun_docker_up',
    help: '1 if this Monitor hears of the containers of its Docker engine',
    labelNames: ['run'] as const,
    registers,
  });
  const containers = new Gauge({
    name: 'marblerun_containers',
    help: 'Containers that work for a run, by state: running or paused',
    labelNames: ['run', 'state'] as const,
    registers,
  });
  const events = new Counter({
    name: 'marblerun_container_events_total',
    help: 'Events of containers that work for a run, as this Monitor has heard them',
    labelNames: ['run', 'event'] as const,
    registers,
  });
  for (const run of runs) for (const event of COUNTED) events.inc({ run, event }, 0);
  return { up, containers, events };
}
