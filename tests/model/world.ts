/**
 * One case: the real run and the model of it side by side. They are compared as a whole after every move.
 */
import assert from 'node:assert/strict';
import type { Frozen, Held, Holding } from '@marblerun/internal';
import type { Transit } from 'marblerun/communicator';
import { keysOf } from '@marblerun/internal';
import { QUEUES, SLOTS, heartOf, type Bench } from './bench.js';
import type { FrozenModel } from './blocked-moves.js';
import { HolderModel, type Delivery, type MarbleModel } from './holder-model.js';
import { LaneModel, type TransitModel } from './lane-model.js';
import { RunModel } from './run-model.js';
import { expectedBatches, readBatches } from './batch-snapshot.js';
import { compareHearts } from './heart-moves.js';
import { compareLargeData } from './large-data.js';

export const MAX_ATTEMPTS = 4;
/** Leases that run end much later. */
const SOON_MS = 60_000;

/** A holder of this case. A new one replaces it after it was forgotten. */
export interface Slot {
  holding: Holding;
  model: HolderModel;
  /** The marbles that its client believes to hold. */
  hand: Held[];
  /** The receipts on which work has begun. */
  begun: Set<string>;
  /** The state that the heartbeat thread found when it last froze this worker. */
  frozen: { real: Frozen; model: FrozenModel } | undefined;
  /** The queue of the wake-up that its client answers for. */
  woken: string | undefined;
}

/** An Elevator between two steps. */
export interface Carrying {
  transit: { real: Transit; model: TransitModel } | undefined;
  arrived: { real: Transit; model: TransitModel } | undefined;
}

export class World {
  readonly model = new RunModel();
  readonly upperModel = new RunModel();
  readonly lane = new LaneModel(this.model, this.upperModel);
  readonly elevators: Carrying[] = [0, 1].map(() => ({ transit: undefined, arrived: undefined }));
  readonly slots: Slot[] = [];
  /** Large data of the lower run that no marble refers to, by name: how many searches have not found one. */
  readonly nobodys = new Map<string, number>();
  #ids = 0;

  private constructor(readonly bench: Bench) {}

  static async begin(bench: Bench): Promise<World> {
    await bench.clear();
    const world = new World(bench);
    for (let i = 0; i < SLOTS.length; i++) {
      world.slots.push(await world.#newSlot(i));
      await bench.pulse(i);
      world.model.hearts.pulse(heartOf(i));
    }
    return world;
  }

  newMarble(max?: number): MarbleModel {
    return { id: `m${++this.#ids}`, attempt: 0, max, suspicion: 0 };
  }

  /** Lets the client hear that it is forgotten: it leaves, and a new holder takes its place. */
  async replace(i: number): Promise<void> {
    const { holding, model, woken } = this.slots[i]!;
    await holding.leave();
    this.model.release(model);
    const { mayStillWait, hasCut } = model.client;
    this.slots[i] = { ...(await this.#newSlot(i)), woken };
    this.slots[i].model.client.hasCut = mayStillWait || hasCut; // both share one connection
  }

  /** Waits until every connection that was ended knows of it. */
  async noticeCuts(): Promise<void> {
    for (const [i, { model }] of this.slots.entries()) {
      await this.bench.noticeCut(i, model.client.hasCut);
      model.client.hasCut = false;
    }
  }

  async #newSlot(i: number): Promise<Slot> {
    const { timeLimitMs, maxAttempts, takesAhead } = SLOTS[i]!;
    const holding = await this.bench.enter(i);
    const model = new HolderModel(holding.id, this.model, timeLimitMs > 0, {
      maxAttempts,
      takesAhead,
      heart: heartOf(i),
    });
    this.model.holders.set(holding.id, model);
    return { holding, model, hand: [], begun: new Set(), frozen: undefined, woken: undefined };
  }

  /** Compares both sides. Throws where the real run differs from the model. */
  async compare(): Promise<void> {
    const holders = [...this.model.holders.values()].filter(({ hasTraces }) => hasTraces);
    const ids = holders.map(({ id }) => id);
    const [lower, upper] = await Promise.all([this.bench.snapshot('lower', ids), this.bench.snapshot('upper', [])]);
    assert.deepEqual(readRun(lower, ids, 'lower'), expectedRun(this.model, holders));
    assert.deepEqual(readRun(upper, [], 'upper'), expectedRun(this.upperModel, []));
    await compareHearts(this);
    const { withoutData } = this.model;
    await compareLargeData(this.bench.redis, 'lower', { withoutData, nobodys: this.nobodys });
    await compareLargeData(this.bench.redis, 'upper');
    this.model.wakes.check(this.slots.map(({ woken }) => woken));
    for (const { model, hand } of this.slots) assertInHand(this.model, model, hand);
  }
}

/** Checks that a living holder holds nothing that its client does not know of: that would be held for ever. */
function assertInHand(run: RunModel, model: HolderModel, hand: Held[]): void {
  if (model.entry === 'none') return;
  for (const { receipt } of model.held) {
    const known = hand.some((held) => held.receipt === receipt) || run.deadlines.get(`${model.id} ${receipt}`) === 0;
    assert.ok(known, `${receipt} is held and its client does not know`);
  }
}

const plain = ({ id, attempt, suspicion, large, member }: MarbleModel) =>
  `${id}/${attempt}${member === undefined ? '' : ` B=${member}`}${large ? ' D' : ''}${suspicion > 0 ? ` d=${suspicion}` : ''}`;
const delivered = ({ receipt, marble, begun }: Delivery) =>
  [receipt, `${plain(marble)}${begun ? ` g=${begun}` : ''}`] as const;

function expectedRun(model: RunModel, holders: HolderModel[]) {
  const lines = (of: Map<string, MarbleModel[]>) => QUEUES.map((queue) => (of.get(queue) ?? []).map(plain));
  return {
    queues: lines(model.queues),
    outboxes: lines(model.outboxes),
    later: model.later.map(({ side, queue, marble }) => `${side} ${queue} ${plain(marble)}`),
    dead: model.dead.map(({ queue, why, marble }) => `${queue} ${why} ${plain(marble)}`),
    deadlines: new Map(model.deadlines),
    counts: new Map(model.counts),
    entries: new Map(holders.filter(({ entry }) => entry !== 'none').map(({ id, entry }) => [id, entry] as const)),
    traces: new Set(holders.map(({ id }) => id)),
    watched: new Set(model.wakes.watched),
    wakeUps: QUEUES.map((queue) => model.wakes.there.has(queue)),
    batches: expectedBatches(model),
    holders: holders.map(({ held, about, inbox }) => ({
      held: new Map(held.map(delivered)),
      waiting: about?.waiting ?? null,
      inbox: lines(inbox),
    })),
  };
}

type Snapshot = Awaited<ReturnType<Bench['snapshot']>>;
type Expected = ReturnType<typeof expectedRun>;

/** Turns `<id> <attempt> … d=<suspicion> g=<begun>` into `<id>/<attempt> d=<suspicion> g=<begun>`. */
const read = (envelope: string) => {
  const [id, attempt, ...words] = envelope.split('\n', 1)[0]!.split(' ');
  const told = words.filter((word) => /^[BDdg]=/.test(word)).map((word) => (word.startsWith('D=') ? 'D' : word));
  return [`${id}/${attempt}`, ...told.sort()].join(' ');
};
const readList = (reply: unknown) => (reply as string[]).map(read).reverse();

function readRun(replies: Snapshot, holders: string[], run: 'lower' | 'upper'): Expected {
  const [qa, ua, qb, ub, later, serials, letters, deadlines, counts, entries, keys, watched, wa, wb, batches, ...rest] =
    replies;
  return {
    queues: [readList(qa), readList(qb)],
    outboxes: [readList(ua), readList(ub)],
    later: (later as string[])
      .map((member) => /^\d+ (\S+ \S+) ([^]*)$/.exec(member)!)
      .map(([, place, envelope]) => `${place} ${read(envelope!)}`),
    dead: bySerial(serials as string[]).map((serial) => readLetter((letters as Record<string, string>)[serial]!)),
    deadlines: pairs(deadlines, (score) => (score > 1 ? 2 : (score as 0 | 1))),
    counts: new Map(
      Object.entries(counts as Record<string, string>).flatMap(([name, n]) => (n === '0' ? [] : [[name, Number(n)]])),
    ),
    entries: pairs(entries, (until) => (until < Date.now() + SOON_MS ? 'expired' : 'alive')),
    traces: tracesOf(keys as string[], run),
    watched: new Set(watched as string[]),
    wakeUps: [wa === 1, wb === 1],
    batches: readBatches(batches as string[][]),
    holders: holders.map((_, i) => readHolder(rest.slice(4 * i, 4 * i + 4))),
  };
}

/** Sorts dead letters: those that died in one millisecond have no order in Redis. */
export function bySerial(serials: string[]): string[] {
  return serials.sort((a, b) => Number(a) - Number(b));
}

function readLetter(letter: string): string {
  const [about = '', envelope = ''] = letter.split('\n', 2);
  const { queue, reason } = JSON.parse(about) as { queue: string; reason: { why: string } };
  return `${queue} ${reason.why} ${read(envelope)}`;
}

function readHolder([held, waiting, ...inbox]: unknown[]): Expected['holders'][number] {
  const receipts = Object.entries(held as Record<string, string>).filter(([field]) => field !== 'op');
  return {
    held: new Map(receipts.map(([receipt, envelope]) => [receipt, read(envelope)])),
    waiting: waiting as string | null,
    inbox: inbox.map((list) => (list as string[]).map(read)),
  };
}

function pairs<T>(flat: unknown, value: (score: number) => T): Map<string, T> {
  const list = flat as string[];
  return new Map(list.flatMap((member, i) => (i % 2 === 0 ? [[member, value(Number(list[i + 1]))]] : [])));
}

/** Lists the holders of which any key is there. */
function tracesOf(keys: string[], run: string): Set<string> {
  const found = new Set<string>();
  for (const prefix of keysOf(run).traces) {
    for (const key of keys) if (key.startsWith(prefix)) found.add(key.slice(prefix.length).split(':')[0]!);
  }
  return found;
}

/** Splits a hand into the marbles that the bits name, and the others. */
export function pick(hand: Slot['hand'], bits: number): [Held[], Held[]] {
  return [hand.filter((_, i) => bits & (1 << i)), hand.filter((_, i) => !(bits & (1 << i)))];
}

/** A delivery as both sides are compared by. */
export const shownReal = ({ receipt, envelope }: Held) => ({ receipt, id: envelope.id, attempt: envelope.attempt });
export const shownModel = ({ receipt, marble }: Delivery) => ({ receipt, id: marble.id, attempt: marble.attempt });
