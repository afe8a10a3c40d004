/**
 * What should be in a run by its counts, and what is there.
 *
 *   sent + elevated - lifted - finished - expired - deleted - destroyed
 *     = waiting + in outboxes + held + landed + delayed + dead
 *
 * All else that is counted moves a marble from one place to another. A run of up to `STEP` lists and holders is read in
 * one script and is exact. What may go wrong in a larger one: marbles move between two steps; then `moved` says by how
 * many the two may differ for that reason. Places are read in the order in which marbles go through them, so that what
 * is not counted when it moves (a delayed marble that is due) is seen twice and not missed.
 */
import type { Connection } from './connection.js';
import { newId } from './envelope.js';
import type { RunKeys } from './keys.js';
import { runKeys } from './outputs.js';
import { callScript } from './scripts.js';

export interface Stock {
  /** Of the counts: another one means that they were lost and begun anew. */
  readonly mark: string;
  /** How many marbles there should be. */
  readonly due: number;
  readonly there: number;
  readonly moved: number;
}

/** So that no step takes Redis more than some ms. */
const STEP = 1000;
const CHUNK = 200;
const SIGNS: Readonly<Record<string, number>> = {
  ...{ sent: 1, elevated: 1, lifted: -1, finished: -1, expired: -1, deleted: -1 },
  ...{ received: 1, moved: -1, destroyed: -1 },
};

type Reply = [there: number, aside: number, mark: string, counts: string[]];

export class Audit {
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  async take(): Promise<Stock> {
    const { lists, holders } = await this.#places();
    const places = [...lists.map((key) => ({ key, list: true })), ...holders.map((key) => ({ key, list: false }))];
    const steps = Math.max(1, Math.ceil(places.length / STEP));
    const newMark = newId();
    const replies: Reply[] = [];
    for (let step = 0; step < steps; step++) {
      const some = places.slice(step * STEP, (step + 1) * STEP);
      const keys = [...runKeys(this.keys), ...some.map(({ key }) => key)];
      const told = step === 0 || step === steps - 1 ? '1' : '';
      const args = [newMark, some.filter(({ list }) => list).length, told];
      replies.push((await this.connection.run((redis) => callScript(redis, 'audit', keys, args))) as Reply);
    }
    return stockOf(replies);
  }

  /** Lists in the order in which marbles go through them, then what holders hold. */
  async #places(): Promise<{ lists: string[]; holders: string[] }> {
    const { queues, outboxes, holders } = this.keys;
    const [names, outgoing, ids] = await this.connection.run((redis) =>
      Promise.all([queues, outboxes, holders].map((registry) => redis.zrange(registry, '0', '-1'))),
    );
    const landings: string[] = [];
    for (let i = 0; i < ids!.length; i += CHUNK) {
      const some = ids!.slice(i, i + CHUNK);
      const waiting = await this.connection.run((redis) =>
        Promise.all(some.map((holder) => redis.hget(this.keys.holder(holder), 'waiting'))),
      );
      landings.push(...some.flatMap((holder, j) => (waiting[j] ? [this.keys.landing(holder, waiting[j])] : [])));
    }
    const waits = [
      ...names!.map((queue) => this.keys.queue(queue)),
      ...outgoing!.map((queue) => this.keys.outbox(queue)),
    ];
    return { lists: [...waits, ...landings], holders: ids!.map((holder) => this.keys.held(holder)) };
  }
}

function stockOf(replies: readonly Reply[]): Stock {
  const [first, last] = [replies[0]!, replies.at(-1)!];
  const [before, after] = [countsOf(first[3]), countsOf(last[3])];
  let due = 0;
  let moved = 0;
  for (const [event, n] of before) due += n * (SIGNS[event] ?? 0);
  for (const [event, n] of after) moved += Math.abs(n - (before.get(event) ?? 0));
  return { mark: first[2], due, there: first[1] + replies.reduce((sum, [there]) => sum + there, 0), moved };
}

/** Of all queues together, by event. */
function countsOf(flat: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < flat.length; i += 2) {
    const event = flat[i]!.slice(flat[i]!.lastIndexOf(' ') + 1);
    if (event !== 'mark') counts.set(event, (counts.get(event) ?? 0) + Number(flat[i + 1]));
  }
  return counts;
}
