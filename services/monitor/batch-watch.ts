/**
 * Looks whether the members that a batch counts as left are there: keys may have been evicted, or deleted by hand, and such a
 * batch would wait for ever.
 *
 * Only a batch to which nothing has happened since the last look is searched for, and its members move while they are
 * searched: so only what was missing at two searches, with nothing booked from before the first to after the second, is told.
 * What may go wrong: members have gone to a higher run. Of a batch that waits for these nothing is said.
 */
import type { Logger } from '@marblerun/service';
import type { Communicator, OpenBatch } from 'marblerun/communicator';

interface Seen {
  readonly mark: string;
  /** Members that were missing at the last search. */
  readonly missing: number;
}

/** Steps of 1,000 marbles at the most, and one for each place: a run of more than some millions, or thousands of queues, is not searched. */
const MOST_STEPS = 5000;
/** Each search is for so many batches at the most, the first by their ids. */
const MOST_BATCHES = 1000;

export class BatchWatch {
  /** Members of open batches that were missing at two searches; undefined before the first look. */
  missing: number | undefined;
  #before = new Map<string, Seen>();
  readonly #stopped = new AbortController();
  #told = new Set<string>();

  constructor(
    private readonly run: string,
    private readonly communicator: Communicator,
    private readonly log: Logger,
  ) {}

  /** A search under way ends with its step. */
  stop(): void {
    this.#stopped.abort();
  }

  async audit(): Promise<undefined> {
    const open = await this.#open();
    const still = [...open.values()].filter(({ id, left, mark }) => left > 0 && this.#before.get(id)?.mark === mark);
    const suspects = await this.#thatStay(still.slice(0, MOST_BATCHES));
    const missing = suspects.length > 0 ? await this.#search(suspects) : new Map<string, number>();
    if (!missing) return;
    let sum = 0;
    const seen = new Map<string, Seen>();
    for (const { id, mark } of open.values()) {
      const both = Math.min(missing.get(id) ?? 0, this.#before.get(id)?.missing ?? 0);
      seen.set(id, { mark, missing: missing.get(id) ?? 0 });
      sum += both;
      if (both > 0) await this.#tell(id, both);
    }
    this.#before = seen;
    this.missing = sum;
    for (const id of this.#told) if (!open.has(id)) this.#told.delete(id);
  }

  /** Open batches by id; the batches in a batch are subtracted from what is left of it. */
  async #open(): Promise<Map<string, OpenBatch>> {
    const open = new Map<string, OpenBatch>();
    const within = new Map<string, number>();
    for await (const some of this.communicator.batches.openOnes())
      for (const batch of some) {
        if (batch.parent !== undefined && !open.has(batch.id))
          within.set(batch.parent, (within.get(batch.parent) ?? 0) + 1);
        open.set(batch.id, batch);
      }
    for (const [id, n] of within) {
      const parent = open.get(id);
      if (parent) open.set(id, { ...parent, left: parent.left - n, mark: `${parent.mark} ${n}` });
    }
    return open;
  }

  /** Without those that wait for marbles of which some may be in a higher run. */
  async #thatStay(batches: readonly OpenBatch[]): Promise<readonly OpenBatch[]> {
    if (batches.length === 0 || !(await this.communicator.audit.hasLifted())) return batches;
    const states = await this.communicator.batches.states(batches.map(({ id }) => id));
    return batches.filter((_, i) => states[i]?.about.elevated === 'done');
  }

  /** How many of each are missing; undefined where it did not come to an end. */
  async #search(suspects: readonly OpenBatch[]): Promise<Map<string, number> | undefined> {
    const ids = suspects.map(({ id }) => id);
    const found = await this.communicator.batchSearch.count(ids, MOST_STEPS, this.#stopped.signal);
    if (!found) {
      this.log.debug({ run: this.run, batches: ids.length }, 'no audit of batches: there are too many marbles');
      return undefined;
    }
    const now = await this.#open();
    const unchanged = suspects.filter(({ id, mark }) => now.get(id)?.mark === mark);
    return new Map(unchanged.map(({ id, left }) => [id, Math.max(0, left - found.get(id)!)]));
  }

  /** Once for each batch. */
  async #tell(id: string, missing: number): Promise<void> {
    if (this.#told.has(id)) return;
    const [state] = await this.communicator.batches.states([id]);
    this.#told.add(id);
    this.log.error(
      { run: this.run, batch: id, name: state?.name, left: state?.left, missing },
      'members of a batch are missing: keys of this run were evicted or deleted; it waits for ever, until a person has settled it',
    );
  }
}
