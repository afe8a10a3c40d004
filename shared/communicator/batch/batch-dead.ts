/**
 * The dead letters of a batch: groups them by what they died of, and puts them back into their queues.
 */
import { batchClosed } from './batch-errors.js';
import type { FailureGroup } from './batch-state.js';
import type { Batches } from './batches.js';
import type { DeadLetter, DeadLetters } from '../watch/dead-letters.js';

export interface Dead {
  readonly batches: Batches;
  readonly deadLetters: DeadLetters;
}

type Group = { -readonly [K in keyof FailureGroup]: FailureGroup[K] };

/** The most groups that are told apart. All further dead letters share one more group, which names no error. */
const MOST_GROUPS = 100;
const MOST_SERIALS = 10;
const MOST_CHARACTERS = 200;
/** Letters that are read at once. Each holds the data of its marble, so more would fill memory. */
const STEP = 100;

/**
 * Groups the dead of a batch, the most frequent group first. At most `most` letters are read. The sum of the counts
 * tells how many were.
 */
export async function failureGroups(
  { batches, deadLetters }: Dead,
  id: string,
  most = Infinity,
): Promise<FailureGroup[]> {
  const groups = new Map<string, Group>();
  let left = most;
  for await (const serials of batches.deadOf(id)) {
    for (let i = 0; i < serials.length && left > 0; i += STEP) {
      const some = serials.slice(i, i + Math.min(STEP, left));
      left -= some.length;
      for (const dead of await deadLetters.read(some)) addTo(groups, dead);
    }
    if (left <= 0) break;
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

function addTo(groups: Map<string, Group>, dead: DeadLetter): void {
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

function kindOf({ queue, reason }: DeadLetter) {
  const error = reason['error'] as { readonly message?: unknown } | null | undefined;
  const text = typeof error?.message === 'string' ? error.message : undefined;
  const message = text?.split('\n', 1)[0]!.slice(0, MOST_CHARACTERS).replace(/\d+/g, '#');
  const { why } = reason;
  return { queue, why: typeof why === 'string' ? why : 'unknown', error: message };
}

/**
 * Puts all dead letters of a batch back into their queues and forgets their attempts. Returns how many. A batch that
 * was complete is open again. With `then`, its `then` is sent once more when it is complete again. Throws MR_NOT_FOUND,
 * or MR_BATCH_CLOSED where the batch was cancelled, because the marbles would be dropped.
 */
export async function retryDead({ batches, deadLetters }: Dead, id: string, then = false): Promise<number> {
  const [state] = await batches.states([id]);
  if (!state) throw batchClosed([id, 'unknown']);
  if (state.cancelled !== undefined) throw batchClosed([id, 'cancelled']);
  const serials: string[] = [];
  for await (const some of batches.deadOf(id)) serials.push(...some);
  serials.sort((a, b) => Number(a) - Number(b)); // the oldest first
  if (then && serials.length > 0) await batches.fireAgain(id);
  return deadLetters.requeue(serials);
}
