/**
 * Outputs: marbles on their way to a queue, to the outbox for a higher run, to a later time, or to the dead. This file
 * turns them into the key table and the argument groups of `lua/lib/outputs.lua`.
 */
import type { LargeOutput } from '../data/set-data.js';
import type { RunKeys } from '../redis/keys.js';
import type { ScriptArg } from '../redis/scripts.js';

export interface Output {
  readonly kind: 'back' | 'front' | 'up' | 'upFront' | 'later' | 'dead';
  readonly queue: string;
  readonly envelope: string | Buffer;
  /** Its large data, to which the envelope refers (`large-data.ts`). */
  readonly large?: LargeOutput | undefined;
  /** The delay of a `later`, in ms. */
  readonly delayMs?: number;
  /** The reason of a `dead`, as JSON. */
  readonly reason?: string;
  /** The id of the batch that it is a member of. */
  readonly member?: string | undefined;
  /** True where a member of that batch sends it: a seal does not refuse it. */
  readonly isInside?: boolean;
}

/** The most bytes that the outputs of one command bring, where they are more than one send. */
export const MOST_BYTES = 1_048_576;

/** Returns how many bytes an output brings to Redis. */
export function sizeOf({ envelope, large }: Output): number {
  return envelope.length + (large?.bytes ?? 0);
}

/** The table of a command's lines, numbered as they appear. Several outputs to one queue share its line. */
export class LineTable {
  readonly #lists: string[] = [];
  readonly #wakeUps: string[] = [];
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(private readonly runKeys: RunKeys) {}

  /** The keys of all lines: first their lists, then their wake-ups. */
  get keys(): string[] {
    return this.#lists.concat(this.#wakeUps);
  }

  /** Finds or adds a line. Returns its number, from 1, as Lua counts. */
  line(queue: string, outbox = false): number {
    const key = outbox ? this.runKeys.outbox(queue) : this.runKeys.queue(queue);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#lists.push(key);
      this.#wakeUps.push(outbox ? key : this.runKeys.wake(queue)); // an outbox wakes nobody
      this.names.push(queue);
      this.#numbers.set(key, number);
    }
    return number;
  }
}

interface Owner {
  readonly seq: number;
  envelopes: number;
}

interface Group {
  readonly head: Output;
  readonly envelopes: ScriptArg[];
  /** Who sends the envelopes, and how many each, one owner after the other. */
  readonly owners: Owner[];
}

/** Groups outputs: all that goes to a line in one way is one group, whoever sends it. */
export class OutputGroups {
  readonly #groups = new Map<string, Group>();

  /**
   * Adds outputs. `owner` is the sequence number of the marble whose finish sends them; they come marble by marble. If
   * that finish is refused, none of them is sent.
   */
  add(outputs: readonly Output[], owner?: number): void {
    for (const output of outputs) {
      const group = this.#groupOf(output);
      group.envelopes.push(output.envelope);
      if (owner !== undefined) own(group.owners, owner);
    }
  }

  /** Appends the number of groups and then the groups, as `lua/lib/outputs.lua` reads them. */
  pushTo(args: ScriptArg[], table: LineTable): void {
    args.push(this.#groups.size);
    for (const { head, envelopes, owners } of this.#groups.values()) {
      const line = table.line(head.queue, head.kind === 'up' || head.kind === 'upFront');
      args.push(head.kind, line, extraOf(head), ownersText(owners), envelopes.length);
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

/** Counts one more envelope of `seq`. */
function own(owners: Owner[], seq: number): void {
  const last = owners.at(-1);
  if (last?.seq === seq) last.envelopes++;
  else owners.push({ seq, envelopes: 1 });
}

/**
 * Writes runs of owners that send equally many: the first sequence number, how many owners, how many envelopes each.
 */
function ownersText(owners: readonly Owner[]): string {
  const runs: number[] = [];
  for (let i = 0; i < owners.length;) {
    const { seq, envelopes } = owners[i]!;
    let n = 1;
    while (owners[i + n]?.seq === seq + n && owners[i + n]!.envelopes === envelopes) n++;
    runs.push(seq, n, envelopes);
    i += n;
  }
  return runs.join(' ');
}
