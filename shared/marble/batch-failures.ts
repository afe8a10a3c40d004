/**
 * Errors that the dead marbles of a batch died of, in groups.
 */
import type { Communicator } from '../communicator/communicator.js';
import type { DeadMarble } from '../communicator/graveyard.js';

export interface FailureGroup {
  readonly queue: string;
  /** `failed`, `dropped`, `abandoned`, `over its time limit` … */
  readonly why: string;
  /** The message of the error, where there was one; numbers in it are `#`, so that like ones meet. */
  readonly error: string | undefined;
  readonly count: number;
  /** Serials of the first graves, for the Monitor and the graveyard. */
  readonly serials: readonly string[];
  /** When the latest died, in ms since 1970 by Redis's clock. */
  readonly lastAt: number;
}

/** Groups at the most: the rest is one more, without an error. */
const MOST_GROUPS = 100;
const MOST_SERIALS = 10;
const MOST_CHARACTERS = 200;

export async function failureGroups({ batches, graveyard }: Communicator, id: string): Promise<FailureGroup[]> {
  const groups = new Map<string, { -readonly [K in keyof FailureGroup]: FailureGroup[K] }>();
  for await (const serials of batches.deadOf(id)) {
    for (const dead of await graveyard.read(serials)) {
      const { queue, why, error } = kindOf(dead);
      let key = `${queue} ${why} ${error ?? ''}`;
      if (!groups.has(key) && groups.size >= MOST_GROUPS) key = '';
      const about = key === '' ? { queue: '-', why: 'other reasons', error: undefined } : { queue, why, error };
      const group = groups.get(key) ?? { ...about, count: 0, serials: [], lastAt: 0 };
      groups.set(key, group);
      group.count++;
      group.lastAt = Math.max(group.lastAt, dead.at);
      if (group.serials.length < MOST_SERIALS) group.serials = [...group.serials, dead.serial];
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

function kindOf({ queue, reason }: DeadMarble) {
  const error = reason['error'] as { readonly message?: unknown } | null | undefined;
  const text = typeof error?.message === 'string' ? error.message : undefined;
  const message = text?.split('\n', 1)[0]!.slice(0, MOST_CHARACTERS).replace(/\d+/g, '#');
  return { queue, why: typeof reason['why'] === 'string' ? reason['why'] : 'unknown', error: message };
}
