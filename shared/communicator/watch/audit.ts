/**
 * Compares how many marbles a run should have by its counts with how many are there.
 *
 *   sent + elevated - lifted - finished - expired - deleted - destroyed
 *     = waiting + in outboxes + held + came + delayed + dead
 *
 * All other counts are of marbles that move from one place to another. A run of up to `STEP` lists and holders is read
 * in one script, so its result is exact. What may go wrong: in a larger run, marbles move between two steps. `moved`
 * then says by how many the two figures may differ for that reason. Places are read in the order in which marbles pass
 * through them. A move that is not counted (a delayed marble becomes due) therefore makes a marble seen twice, and
 * never missed.
 */
import type { Connection } from '../redis/connection.js';
import { newId } from '../data/envelope.js';
import type { RunKeys } from '../redis/keys.js';
import type { QueueReader } from './queue-reader.js';
import { callScript } from '../redis/scripts.js';

export interface Stock {
  /** Identifies the counts: a different mark means that they were lost and started again. */
  readonly mark: string;
  /** How many marbles there should be. */
  readonly due: number;
  readonly there: number;
  readonly moved: number;
}

/** Keeps each step on Redis down to a few ms. */
const STEP = 1000;
const CHUNK = 200;
const SIGNS: Readonly<Record<string, number>> = {
  ...{ sent: 1, elevated: 1, lifted: -1, finished: -1, expired: -1, deleted: -1 },
  ...{ received: 1, moved: -1, destroyed: -1 },
};

export interface Place {
  readonly key: string;
  /** True for a list; false for the hash of what a holder holds. */
  readonly isList: boolean;
}
type Counts = ReadonlyMap<string, number>;

export class Audit {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
    private readonly reader: QueueReader,
  ) {}

  async take(): Promise<Stock> {
    const steps = inSteps(this.places(), STEP);
    const first = await steps.next();
    const second = await steps.next();
    if (second.done) return this.#atOnce(first.value ?? []);
    const before = await this.#counts();
    const { mark, aside, ...begun } = await this.#step(first.value!);
    let there = begun.there + aside + (await this.#step(second.value)).there;
    for await (const some of steps) there += (await this.#step(some)).there;
    const after = await this.#counts();
    let moved = 0;
    for (const [event, n] of after) moved += Math.abs(n - (before.get(event) ?? 0));
    return { mark, due: dueOf(before), there, moved };
  }

  async #atOnce(places: readonly Place[]): Promise<Stock> {
    const { mark, there, aside, counts } = await this.#step(places, '1');
    return { mark, due: dueOf(summed(counts, new Map())), there: there + aside, moved: 0 };
  }

  /** Tells whether marbles have left this run for a higher one. */
  async hasLifted(): Promise<boolean> {
    return ((await this.#counts()).get('lifted') ?? 0) > 0;
  }

  async #step(places: readonly Place[], told: '1' | '' = '') {
    const args = { mark: newId(), lists: places.filter(({ isList }) => isList).length, told };
    const [there, aside, mark, counts] = await this.connection.run((redis) =>
      callScript(redis, this.keys, 'audit', { args, moreKeys: places.map(({ key }) => key) }),
    );
    return { there, aside, mark, counts };
  }

  /** Sums the counts by event. It reads in steps, because the counts of many queues are too many for one. */
  async #counts(): Promise<Counts> {
    const counts = new Map<string, number>();
    for (let cursor = '0'; ;) {
      const [next, flat] = await this.connection.run((redis) => redis.hscan(this.keys.counts, cursor, 'COUNT', STEP));
      summed(flat, counts);
      if (next === '0') return counts;
      cursor = next;
    }
  }

  /** Lists in the order in which marbles pass through them, then what holders hold. */
  async *places(): AsyncGenerator<Place[]> {
    for await (const names of this.reader.names())
      yield names.map((queue) => ({ key: this.keys.queue(queue), isList: true }));
    for await (const names of this.reader.outboxNames())
      yield names.map((queue) => ({ key: this.keys.outbox(queue), isList: true }));
    const ids = await this.connection.run((redis) => redis.zrange(this.keys.holders, '0', '-1'));
    for (let i = 0; i < ids.length; i += CHUNK) yield await this.#inboxes(ids.slice(i, i + CHUNK));
    for (let i = 0; i < ids.length; i += CHUNK)
      yield ids.slice(i, i + CHUNK).map((holder) => ({ key: this.keys.held(holder), isList: false }));
  }

  async #inboxes(holders: readonly string[]): Promise<Place[]> {
    const waiting = await this.connection.run((redis) =>
      Promise.all(holders.map((holder) => redis.hget(this.keys.holder(holder), 'waiting'))),
    );
    return holders.flatMap((holder, i) =>
      waiting[i] ? [{ key: this.keys.inbox(holder, waiting[i]), isList: true }] : [],
    );
  }
}

/** Regroups items into steps of `size` each; the last step may be smaller. */
async function* inSteps<T>(groups: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<T[], undefined> {
  let step: T[] = [];
  for await (const group of groups) {
    step.push(...group);
    while (step.length >= size) {
      yield step.slice(0, size);
      step = step.slice(size);
    }
  }
  if (step.length > 0) yield step;
  return undefined;
}

function dueOf(counts: Counts): number {
  let due = 0;
  for (const [event, n] of counts) due += n * (SIGNS[event] ?? 0);
  return due;
}

/** Adds 'queue event', count, … to the sums by event. */
function summed(flat: readonly string[], counts: Map<string, number>): Counts {
  for (let i = 0; i < flat.length; i += 2) {
    const event = flat[i]!.slice(flat[i]!.lastIndexOf(' ') + 1);
    if (event !== 'mark') counts.set(event, (counts.get(event) ?? 0) + Number(flat[i + 1]));
  }
  return counts;
}
