/**
 * Opens batches, three at a time and some of them in others, sends members, and seals or cancels them; and opens some that are
 * complete with dead members again. Dies at any moment: what it leaves is for the undertaker.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMarbleRunError, type Batch, type BatchOptions } from 'marblerun';
import type { Communicator } from 'marblerun/communicator';
import type { Historian } from '../history.js';
import type { Bus, Work } from '../plan.js';

export interface BatchActor {
  readonly run: string;
  readonly history: Historian;
  readonly communicator: Communicator;
  readonly isStopping: () => boolean;
}

interface Kind {
  readonly queue: 'part' | 'frail' | 'rise' | 'doomed';
  readonly options?: BatchOptions;
  /** Some of its members fail whenever they are worked on. */
  readonly poison?: true;
  /** It is cancelled by hand. */
  readonly cancels?: true;
}

interface Opened {
  readonly name: string;
  readonly kind: Kind;
  readonly batch: Batch<Record<string, Work>>;
  acknowledged: number;
}

const LASTING: readonly Kind[] = [
  { queue: 'part' },
  { queue: 'part' },
  { queue: 'rise', options: { elevated: 'done' } },
  { queue: 'frail', poison: true },
  { queue: 'frail', options: { onDead: 'continue' }, poison: true },
];
const CANCELLED: readonly Kind[] = [
  { queue: 'doomed', cancels: true },
  { queue: 'doomed', options: { onDead: 'cancel' }, poison: true },
  { queue: 'doomed', options: { maxDead: '20%' }, poison: true },
];
const MOST_MEMBERS = 12;
const DELAY_MS = { doomed: 3000, other: 300 } as const;

const chance = (share: number) => Math.random() < share;
const whole = (least: number, most: number) => least + Math.floor(Math.random() * (most - least + 1));
const pick = <T>(items: readonly T[]): T => items[whole(0, items.length - 1)]!;

export class Batcher {
  /** Batches that go on with dead members, until they were looked at again. */
  readonly #revivable: Opened[] = [];

  constructor(private readonly actor: BatchActor & { readonly bus: Bus }) {}

  async work(): Promise<void> {
    for (let n = Date.now() * 1000; !this.actor.isStopping(); n++) {
      await Promise.all(['a', 'b', 'c'].map((letter) => this.#tree(`${letter}${n}`)));
      await this.#revive();
      await sleep(whole(100, 400));
    }
  }

  /** One that is cancelled has only such in it: their `then` may be dropped with it. */
  async #tree(name: string): Promise<void> {
    const kinds = chance(0.35) ? CANCELLED : LASTING;
    const outer = await this.#open(name, pick(kinds));
    if (!outer) return;
    const opened = [outer];
    for (let i = 0; i < pick([0, 0, 1, 2]); i++) {
      const inner = await this.#open(
        `${name}-${i}`,
        pick(kinds === CANCELLED ? CANCELLED : [...LASTING, ...CANCELLED]),
        outer,
      );
      if (inner) opened.push(inner);
    }
    await Promise.all(opened.map((one) => this.#fill(one)));
    for (const one of chance(0.5) ? opened : [...opened].reverse()) if (!chance(0.05)) await this.#seal(one);
  }

  async #open(name: string, kind: Kind, outer?: Opened): Promise<Opened | undefined> {
    const { history, run, bus } = this.actor;
    const queue = !outer ? 'thens' : outer.kind.queue === 'doomed' ? 'doomed' : 'join';
    const data: Work = { key: `then.${name}`, of: name, ...(outer && { batch: outer.name }) };
    const options = { ...kind.options, then: { queue, data } };
    const batch = await tried(() => (outer ? outer.batch.batch(name, options) : bus.batch(name, options)));
    if (!batch) return undefined;
    history.write({ e: 'opened', run, batch: name, id: batch.id });
    const opened = { name, kind, batch, acknowledged: 0 };
    if (kind.options?.onDead === 'continue') this.#revivable.push(opened);
    return opened;
  }

  /** Some have no members. One that is cancelled by hand is so while they are sent, or worked on. */
  async #fill(opened: Opened): Promise<void> {
    const sends = Array.from({ length: whole(0, MOST_MEMBERS) }, (_, i) => () => this.#send(opened, i));
    const cancel = opened.kind.cancels ? sleep(whole(0, 150)).then(() => this.#cancel(opened)) : undefined;
    if (chance(0.5)) await Promise.all(sends.map((send) => send()));
    else for (const send of sends) await send();
    await cancel;
  }

  async #send(opened: Opened, i: number): Promise<void> {
    const { history, run } = this.actor;
    const { queue, poison } = opened.kind;
    const id = `${queue}.${opened.name}.${i}`;
    const marble = { run, q: queue, id, batch: opened.name };
    const isPoison = poison === true && i % 4 === 0;
    const isParent = queue === 'doomed' && !isPoison && i % 2 === 0;
    const delayMs = i % 5 === 1 ? DELAY_MS[queue === 'doomed' ? 'doomed' : 'other'] : 0;
    const work: Work = { key: id, batch: opened.name, ...(isPoison && { poison }), ...(isParent && { begets: true }) };
    const options = { id, delayMs, ...((isPoison || queue === 'frail') && { maxAttempts: 2 }) };
    history.write({ e: 'send', ...marble });
    const sent = await tried(() => opened.batch.send(queue, work, options));
    history.write({ e: sent === undefined ? 'unsent' : 'sent', ...marble });
    if (sent !== undefined) opened.acknowledged++;
  }

  /** Throws where fewer were sent than were acknowledged. */
  async #seal({ batch, name, acknowledged }: Opened): Promise<void> {
    const sealed = await tried(() => batch.seal({ expected: acknowledged }).then(() => true));
    if (sealed) this.actor.history.write({ e: 'sealed', run: this.actor.run, batch: name, id: batch.id });
  }

  async #cancel({ batch, name }: Opened): Promise<void> {
    if (await tried(() => batch.cancel('on purpose')))
      this.actor.history.write({ e: 'cancelled', run: this.actor.run, batch: name, id: batch.id });
  }

  /** Puts back the dead of one that is complete, once; sometimes its `then` is to come once more. */
  async #revive(): Promise<void> {
    const { history, run } = this.actor;
    const opened = this.#revivable[whole(0, this.#revivable.length - 1)];
    const progress = opened && (await tried(() => opened.batch.progress().then((progress) => progress)));
    if (!progress?.done) return;
    this.#revivable.splice(this.#revivable.indexOf(opened!), 1);
    if (progress.dead === 0) return;
    const { id, name } = opened!.batch;
    const again = chance(0.5);
    history.write({ e: 'reopen', run, batch: name, id });
    if (again) history.write({ e: 'refire', run, q: progress.parent ? 'join' : 'thens', id: `${id}.then`, of: name });
    await noteDead(this.actor, id);
    await tried(() => opened!.batch.retryDead({ then: again }));
  }
}

/** Undefined where Redis is full or the batch is closed: of a send then nothing was done. */
export async function tried<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMarbleRunError(error, 'MR_REDIS_FULL') || isMarbleRunError(error, 'MR_BATCH_CLOSED')) return undefined;
    throw error;
  }
}

interface DeadMember {
  readonly serial: string;
  readonly isPoison: boolean;
}

/** Writes down all dead of a batch before something is done with them. */
export async function noteDead({ communicator, history, run }: BatchActor, id: string): Promise<DeadMember[]> {
  const noted: DeadMember[] = [];
  for await (const serials of communicator.batches.deadOf(id)) {
    const letters = await communicator.deadLetters.read(serials);
    await communicator.largeData.readAll(letters.map(({ envelope }) => envelope!));
    for (const { serial, queue, envelope } of letters) {
      if (envelope!.data.length === 0) continue; // it is removed by now, and its data with it
      const { batch, poison = false } = JSON.parse(envelope!.data.toString()) as Work;
      history.write({ e: 'settle', run, q: queue, id: envelope!.id, ...(batch !== undefined && { batch }) });
      noted.push({ serial, isPoison: poison });
    }
  }
  return noted;
}
