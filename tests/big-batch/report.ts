/**
 * The report of the big batch, for people; and what is not as it should be.
 */
import { CREW } from './stage.js';
import { KINDS } from './plan.js';
import type { Setting, Told } from './story.js';

const shown = (n: number) => n.toLocaleString('en');

export function report({ seconds, kills, batch, then, returned, unaccounted }: Told): string {
  const { sent, finished, dead, left, failedAttempts } = batch;
  return [
    `${shown(sent)} marbles through three queues in ${seconds.toFixed(1)} s, ${shown(Math.round(sent / seconds))} a second`,
    `${CREW.worker} workers, ${CREW.monitor} Monitors; kill -9 of workers: ${kills.worker}, of Monitors: ${kills.monitor}, of Redis: ${kills.redis}`,
    `${shown(returned)} marbles came back from workers that were gone`,
    `batch: sent ${shown(sent)}, finished ${shown(finished)}, dead ${dead}, left ${left}, failed attempts ${failedAttempts}`,
    `then: sent ${then.sent} time(s), worked on ${then.ids.length} time(s), id ${[...new Set(then.ids)].join(', ')}`,
    `audit: ${unaccounted} unaccounted`,
  ].join('\n');
}

/** Empty where all is as it should be. */
export function mistakes({ kills, batch, then, unaccounted }: Told, setting: Setting): string[] {
  const { sent, finished, dead, left, gone, surplus } = batch;
  const all: [what: string, is: unknown, should: unknown][] = [
    ['sent', sent, setting.members],
    ['finished', finished, setting.members],
    ...Object.entries({ dead, left, gone, surplus, unaccounted }).map(
      ([what, n]) => [what, n, 0] as [string, number, 0],
    ),
    ['then was sent', then.sent, 1],
    ['ids of then', [...new Set(then.ids)].join(), `${batch.id}.then`],
    ...KINDS.map((kind) => [`kills of ${kind}`, kills[kind], setting.kills[kind]] as [string, number, number]),
  ];
  return all
    .filter(([, is, should]) => is !== should)
    .map(([what, is, should]) => `${what}: ${String(is)} instead of ${String(should)}`);
}
