/**
 * Moves delayed marbles that are due into their queues. A Monitor calls it.
 *
 * Each step takes the keys of the queues of what is due next. The script tells which these are: it does nothing, names
 * all that one step lacks, and is asked again with them.
 */
import { MarbleRunError } from '../errors.js';
import type { RunKeys } from './keys.js';
import { LineTable, batchKeys, runKeys } from './outputs.js';
import type { ScriptArg, ScriptName } from './scripts.js';

export type RunScript = (name: ScriptName, keys: string[], args: ScriptArg[]) => Promise<unknown>;

export interface Promoted {
  readonly moved: number;
  /** Members that were not delayed marbles, or had no allowed queue. They are among the dead. */
  readonly buried: number;
}

/** Limits of a step. The queues of some steps before are kept, because they are mostly the same. */
const STEP = { marbles: 250, bytes: 1_048_576, lines: 250 } as const;

export async function promoteDue(keys: RunKeys, script: RunScript): Promise<Promoted> {
  let table = new LineTable(keys);
  let askedFor = '';
  for (let moved = 0, buried = 0; ;) {
    const args = [STEP.marbles, STEP.bytes, table.names.length, ...table.names];
    const reply = await script('promote', [...runKeys(keys), ...table.keys, ...batchKeys(keys)], args);
    const [n, dead, more, ...missing] = reply as [number, number, string, ...string[]];
    moved += n;
    buried += dead;
    if (missing.length === 0 && more !== '1') return { moved, buried };
    if (missing.length === 0 && table.names.length > STEP.lines) table = new LineTable(keys);
    if (missing.length > 0 && missing.join() === askedFor)
      throw new MarbleRunError('MR_REDIS_REPLY', `promote asks again for ${askedFor}, which it was given`);
    askedFor = missing.join();
    for (const queue of missing) table.line(queue);
  }
}
