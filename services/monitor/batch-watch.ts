/**
 * Checks that the members that a batch counts as left exist. Keys may have been evicted, or deleted by hand; then such
 * a batch would wait for ever.
 *
 * It searches only for batches to which nothing has happened since the previous look. Members move while they are
 * searched for. So it reports only members that were missing at two searches, with nothing booked from before the first
 * until after the second.
 *
 * What may go wrong: members have gone to a higher run. Of a batch that waits for such members nothing is said.
 */
import type { Logger } from '@marblerun/service';
import type { Communicator, OpenBatch } from 'marblerun/communicator';

interface Seen {
  readonly mark: string;
  /** The number of members that were missing at the last search. */
  readonly missing: number;
}

/**
 * The most steps of a search. A step covers 1,000 marbles at most, and each place needs one. So a run of more than some
 * millions of marbles, or of thousands of queues, is not searched.
 */
const MOST_STEPS = 5000;
/** The most batches in one search: the first ones by id. */
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

  /** Stops; a search under way ends with its step. */
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

  /** Returns the open batches by id. The batches inside a batch are subtracted from what is left of it. */
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

  /** Leaves out batches that wait for marbles some of which may be in a higher run. */
  async #thatStay(batches: readonly OpenBatch[]): Promise<readonly OpenBatch[]> {
    if (batches.length === 0 || !(await this.communicator.audit.hasLifted())) return batches;
    const states = await this.communicator.batches.states(batches.map(({ id }) => id));
    return batches.filter((_, i) => states[i]?.about.elevated === 'done');
  }

  /** Returns how many members of each batch are missing; undefined where the search did not come to an end. */
  async #search(suspects: readonly OpenBatch[]): Promise<Map<string, number> | undefined> {
    const ids = suspects.map(({ id }) => id);
    const found = await this.communicator.batchSearch.count(ids, MOST_STEPS, this.#stopped.signal);
    if (!found) {
      this.log.debug({ run: this.run, batches: ids.length }, 'cannot audit batches: there are too many marbles');
      return undefined;
    }
    const now = await this.#open();
    const unchanged = suspects.filter(({ id, mark }) => now.get(id)?.mark === mark);
    return new Map(unchanged.map(({ id, left }) => [id, Math.max(0, left - found.get(id)!)]));
  }

  /** Reports a batch, once. */
  async #tell(id: string, missing: number): Promise<void> {
    if (this.#told.has(id)) return;
    const [state] = await this.communicator.batches.states([id]);
    this.#told.add(id);
    this.log.error(
      { run: this.run, batch: id, name: state?.name, left: state?.left, missing },
      'members of a batch are missing: keys of this run were evicted or deleted; the batch waits until a person has settled it',
    );
  }
}
