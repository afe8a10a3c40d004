/**
 * Metrics of what a Monitor does to containers. Their names are public and do not change.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ScaledService } from './scale-note.js';

export const DIRECTIONS = ['up', 'down'] as const;

export interface UpkeepMetrics {
  readonly restarts: Counter<'run'>;
  readonly scaleSteps: Counter<'run' | 'direction'>;
}

/** Creates the counters. Every run has its series from the start: an increase from nothing to 1 would not show. */
export function createUpkeepMetrics(registry: Registry, runs: readonly string[]): UpkeepMetrics {
  const registers = [registry];
  const restarts = new Counter({
    name: 'marblerun_container_restarts_total',
    help: 'Containers that this Monitor restarted because a worker in them hung',
    labelNames: ['run'],
    registers,
  });
  const scaleSteps = new Counter({
    name: 'marblerun_scale_steps_total',
    help: 'Containers that this Monitor added or ended to scale a compose service',
    labelNames: ['run', 'direction'],
    registers,
  });
  for (const run of runs) {
    restarts.inc({ run }, 0);
    for (const direction of DIRECTIONS) scaleSteps.inc({ run, direction }, 0);
  }
  return { restarts, scaleSteps };
}

interface Scaling {
  readonly run: string;
  readonly services: readonly ScaledService[];
}

/** Returns a function that sets, for one scrape, what is known of services that are scaled. */
export function createScaleGauges(registry: Registry): (all: readonly Scaling[]) => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['run', 'project', 'service'] as const, registers: [registry] });
  const containers = gauge('marblerun_scale_containers', 'Containers of a scaled compose service that run');
  const wanted = gauge('marblerun_scale_wanted', 'Containers of a scaled compose service that are wanted');
  const stuck = gauge('marblerun_scale_stuck', '1 if a compose service is not scaled until a person does something');
  return (all) => {
    for (const one of [containers, wanted, stuck]) one.reset();
    for (const { run, services } of all)
      for (const { project, service, running, wanted: many, isTrouble } of services) {
        const labels = { run, project, service };
        containers.set(labels, running);
        if (many !== undefined) wanted.set(labels, many);
        stuck.set(labels, isTrouble ? 1 : 0);
      }
  };
}
