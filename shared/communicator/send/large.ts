/**
 * Tells Redis about the large data of marbles that a command finishes or sends, as `lua/lib/large.lua` reads it.
 */
import type { LargeData } from '../data/header.js';
import type { LargeOutput } from '../data/set-data.js';
import type { RunKeys } from '../redis/keys.js';
import type { ScriptArg } from '../redis/scripts.js';
import type { Output } from './outputs.js';

export class LargeOnes {
  /** Data of what is sent. */
  readonly sent: LargeOutput[] = [];
  readonly #over: LargeData[] = [];
  readonly #overSeqs: number[] = [];

  get any(): boolean {
    return this.sent.length + this.#over.length > 0;
  }

  finish(large: LargeData | undefined, seq: number): void {
    if (!large) return;
    this.#over.push(large);
    this.#overSeqs.push(seq);
  }

  send(outputs: readonly Output[]): void {
    for (const { large } of outputs) if (large) this.sent.push(large);
  }

  pushTo(args: ScriptArg[]): void {
    args.push(this.sent.length, ...this.sent.map(({ name }) => name));
    args.push(this.#overSeqs.length, ...this.#overSeqs);
  }

  /** The keys of the data, and one that is not there before them. */
  keys(runKeys: RunKeys): string[] {
    return [runKeys.absent, ...this.dataKeys(runKeys)];
  }

  /** The keys of the data: first of what is sent. */
  dataKeys({ data }: RunKeys): string[] {
    return [...this.sent, ...this.#over].map(({ name }) => data(name));
  }
}
