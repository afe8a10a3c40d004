/**
 * Moves delayed marbles that are due into their queues. A Monitor calls it.
 *
 * Each step takes the keys of the queues of what is due next. The script tells which these are: it does nothing, names
 * all that one step lacks, and is asked again with them.
 */
import { MarbleRunError } from '../../errors.js';
import type { RunKeys } from '../redis/keys.js';
import { LineTable } from '../send/outputs.js';
import type { ScriptCall, ScriptReply } from '../redis/scripts.js';

export type Promote = (call: ScriptCall<'promote'>) => Promise<ScriptReply<'promote'>>;

export interface Promoted {
  readonly moved: number;
  /** Members that were not delayed marbles, or had no allowed queue. They are among the dead. */
  readonly died: number;
}

/** Limits of a step. The queues of some steps before are kept, because they are mostly the same. */
const STEP = { marbles: 250, bytes: 1_048_576, lines: 250 } as const;

export async function promoteDue(keys: RunKeys, promote: Promote): Promise<Promoted> {
  let table = new LineTable(keys);
  let askedFor = '';
  for (let moved = 0, died = 0; ;) {
    const args = { most: STEP.marbles, mostBytes: STEP.bytes };
    const lists = { moreKeys: table.keys, moreArgs: [table.names.length, ...table.names] };
    const [n, dead, more, ...missing] = await promote({ args, ...lists });
    moved += n;
    died += dead;
    if (missing.length === 0 && more !== '1') return { moved, died };
    if (missing.length === 0 && table.names.length > STEP.lines) table = new LineTable(keys);
    if (missing.length > 0 && missing.join() === askedFor)
      throw new MarbleRunError('MR_REDIS_REPLY', `promote asks again for ${askedFor}, which it was given`);
    askedFor = missing.join();
    for (const queue of missing) table.line(queue);
  }
}
