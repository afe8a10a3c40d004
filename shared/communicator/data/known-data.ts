/**
 * The large data that a caller of a script knows of. Scripts that end marbles which they find themselves tell of data
 * whose keys they were not given, and are called again with those (`lua/lib/over.lua`).
 */
import type { RunKeys } from '../redis/keys.js';
import type { ScriptArg } from '../redis/scripts.js';

export class KnownData {
  #names: string[] = [];

  constructor(private readonly runKeys: RunKeys) {}

  get keys(): string[] {
    return this.#names.map((name) => this.runKeys.data(name));
  }

  /** The names, as scripts read them. */
  get args(): ScriptArg[] {
    return [this.#names.length, ...this.#names];
  }

  /** Learns names. Returns false where there are none, and the script has done what it was to do. */
  learn(unknown: readonly string[]): boolean {
    this.#names.push(...unknown);
    return unknown.length > 0;
  }

  /** Forgets what the steps so far were about. */
  clear(): void {
    this.#names = [];
  }
}
