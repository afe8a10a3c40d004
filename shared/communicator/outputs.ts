/**
 * Outputs: marbles on their way to a queue, the outbox to a higher run, a later time, or the dead.
 * Here they become the key table and the argument groups of `lua/lib/outputs.lua`.
 */
import type { RunKeys } from './keys.js';
import type { ScriptArg } from './scripts.js';

export interface Output {
  readonly kind: 'back' | 'front' | 'up' | 'later' | 'dead';
  readonly queue: string;
  readonly envelope: string | Buffer;
  /** For `later`, in ms. */
  readonly delayMs?: number;
  /** For `dead`: JSON. */
  readonly reason?: string;
}

/** The keys that every script which moves marbles takes first (`lua/lib/run.lua`). */
export function runKeys(keys: RunKeys): string[] {
  return [keys.counts, keys.queues, keys.outboxes, keys.later, keys.dead, keys.graves, keys.serial];
}

/** Lines are numbered as they appear; several outputs of one command to a queue share its line. */
export class LineTable {
  readonly keys: string[] = [];
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(private readonly runKeys: RunKeys) {}

  /** The number of the line from 1, as Lua counts. */
  line(queue: string, outbox = false): number {
    const key = outbox ? this.runKeys.outbox(queue) : this.runKeys.queue(queue);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.keys.push(key);
      this.names.push(queue);
      this.#numbers.set(key, number);
    }
    return number;
  }
}

/** Appends the groups of `outputs` to `args`; outputs that follow each other to one line share a group. Returns how many groups. */
export function pushGroups(outputs: readonly Output[], table: LineTable, args: ScriptArg[]): number {
  let groups = 0;
  for (let i = 0; i < outputs.length;) {
    const first = outputs[i]!;
    const extra = first.kind === 'later' ? first.delayMs! : (first.reason ?? '');
    const countAt = args.push(first.kind, table.line(first.queue, first.kind === 'up'), extra, 0) - 1;
    let n = 0;
    for (let next = outputs[i]; next && joins(next, first); next = outputs[++i]) {
      args.push(next.envelope);
      n++;
    }
    args[countAt] = n;
    groups++;
  }
  return groups;
}

function joins(next: Output, first: Output): boolean {
  return (
    next.kind === first.kind &&
    next.queue === first.queue &&
    next.delayMs === first.delayMs &&
    next.reason === first.reason
  );
}
