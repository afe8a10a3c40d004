/**
 * Tells Redis about the batches whose members a command finishes or sends, as `lua/lib/members.lua` reads it.
 *
 * It sends sums, so that Redis books each batch once. It also says which marbles they were, in case some are refused.
 */
import type { Output } from './outputs.js';
import type { ScriptArg } from '../redis/scripts.js';

interface Named {
  readonly which: number;
  readonly id: string;
  finished: number;
  sent: number;
  elevated: number;
  isOutside: boolean;
}

interface Run {
  readonly seq: number;
  readonly which: number;
  n: number;
}

export class Members {
  readonly #named = new Map<string, Named>();
  readonly #finished: Run[] = [];
  readonly #sent: string[] = [];

  get any(): boolean {
    return this.#named.size > 0;
  }

  finish(id: string | undefined, seq: number): void {
    if (id === undefined) return;
    const named = this.#of(id);
    named.finished++;
    const last = this.#finished.at(-1);
    if (last?.which === named.which && last.seq + last.n === seq) last.n++;
    else this.#finished.push({ seq, which: named.which, n: 1 });
  }

  /** Counts outputs that are members. `owner` is the sequence number of the marble whose finish sends them. */
  send(outputs: readonly Output[], owner?: number): void {
    for (const { member, kind, isInside } of outputs) {
      if (member === undefined) continue;
      const named = this.#of(member);
      const isElevated = kind === 'up' || kind === 'upFront';
      named.sent++;
      if (isElevated) named.elevated++;
      if (!isInside) named.isOutside = true;
      if (owner !== undefined) this.#sent.push(`${owner} ${named.which} 1 ${isElevated ? 1 : 0}`);
    }
  }

  pushTo(args: ScriptArg[]): void {
    const all = [...this.#named.values()];
    const isSending = all.some(({ sent }) => sent > 0);
    args.push(all.length, isSending ? 1 : 0, ...all.map(({ id }) => `${id} left`));
    args.push(...all.map(({ finished }) => finished));
    if (isSending) args.push(...all.map(({ sent }) => sent), ...all.map(({ elevated }) => elevated));
    if (isSending) args.push(...all.map(({ isOutside }) => (isOutside ? 1 : 0)));
    args.push(this.#finished.map(({ seq, n, which }) => `${seq} ${n} ${which}`).join(' '), this.#sent.join(' '));
  }

  #of(id: string): Named {
    let named = this.#named.get(id);
    if (!named) {
      named = { which: this.#named.size + 1, id, finished: 0, sent: 0, elevated: 0, isOutside: false };
      this.#named.set(id, named);
    }
    return named;
  }
}
