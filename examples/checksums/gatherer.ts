/**
 * Gathers the outcomes of a job, in whatever order they come, until there is one for every file. An outcome may come
 * twice, since a marble is delivered at least once; then the first counts.
 */
import type { Outcome } from './job.js';

export class Gatherer {
  /** Resolves when every file has its outcome. */
  readonly complete: Promise<void>;
  /** Outcomes by path. */
  readonly outcomes = new Map<string, Outcome>();
  repeated = 0;
  #expected = Infinity;
  #completed!: () => void;

  constructor() {
    this.complete = new Promise((resolve) => (this.#completed = resolve));
  }

  /** Says how many files there are, which is known once the last one was sent. */
  expect(files: number): void {
    this.#expected = files;
    this.#look();
  }

  take(outcome: Outcome): void {
    if (this.outcomes.has(outcome.path)) this.repeated++;
    else this.outcomes.set(outcome.path, outcome);
    this.#look();
  }

  #look(): void {
    if (this.outcomes.size === this.#expected) this.#completed();
  }
}
