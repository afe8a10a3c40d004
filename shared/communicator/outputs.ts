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

interface Group {
  readonly head: Output;
  readonly envelopes: ScriptArg[];
  /** Flat: seq, how many that follow it, and how many envelopes each of them sends. */
  readonly owners: number[];
}

/** All that goes to a line in one way is one group, whoever sends it. */
export class OutputGroups {
  readonly #groups = new Map<string, Group>();

  /** `owner`: the sequence number of the marble whose finish sends them; they come marble by marble. Nothing is sent of one that is refused. */
  add(outputs: readonly Output[], owner?: number): void {
    for (const output of outputs) {
      const group = this.#groupOf(output);
      group.envelopes.push(output.envelope);
      if (owner !== undefined) own(group.owners, owner);
    }
  }

  /** Appends their number and then the groups, as `lua/lib/outputs.lua` reads them. */
  pushTo(args: ScriptArg[], table: LineTable): void {
    args.push(this.#groups.size);
    for (const { head, envelopes, owners } of this.#groups.values()) {
      const line = table.line(head.queue, head.kind === 'up');
      args.push(head.kind, line, extraOf(head), joined(owners).join(' '), envelopes.length);
      for (const envelope of envelopes) args.push(envelope);
    }
  }

  #groupOf(output: Output): Group {
    const { kind, queue } = output;
    const key = kind === 'back' ? queue : `${kind} ${queue} ${extraOf(output)}`; // no queue has a space in its name
    let group = this.#groups.get(key);
    if (!group) {
      group = { head: output, envelopes: [], owners: [] };
      this.#groups.set(key, group);
    }
    return group;
  }
}

function extraOf({ kind, delayMs, reason }: Output): string | number {
  return kind === 'later' ? delayMs! : (reason ?? '');
}

/** One envelope more of `owner`. */
function own(owners: number[], owner: number): void {
  const last = owners.length - 3;
  if (owners[last] === owner) owners[last + 2]!++;
  else owners.push(owner, 1, 1);
}

/** Owners that follow each other and send as many are one run of them. */
function joined(owners: readonly number[]): number[] {
  const runs: number[] = [];
  for (let i = 0; i < owners.length; i += 3) {
    const [seq, each, last] = [owners[i]!, owners[i + 2]!, runs.length - 3];
    if (last >= 0 && runs[last]! + runs[last + 1]! === seq && runs[last + 2] === each) runs[last + 1]!++;
    else runs.push(seq, 1, each);
  }
  return runs;
}
