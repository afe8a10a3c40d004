/**
 * The moves of the game. Each is made in the real run and in the model, and their answers are compared.
 *
 * A move names its actors by small numbers, so that fast-check can draw, shrink and replay it. A move that makes no
 * sense now (a finish with an empty hand) does less or nothing.
 */
import assert from 'node:assert/strict';
import { holdersOf, keysOf, type Held } from '@marblerun/internal';
import { LEASE_MS, QUEUES, type Queue } from './bench.js';
import {
  cancelBatch,
  discard,
  drawnBatch,
  openBatch,
  refuses,
  sealBatch,
  tidyBatches,
  type BatchDraw,
} from './batch-moves.js';
import { destroy, settle, expire, transfer } from './care-moves.js';
import { cutHeart, lookForEnded, lookForGone, otherServer, passHeart, pulse } from './heart-moves.js';
import { freeze, relieve } from './blocked-moves.js';
import { land, lift } from './lane-moves.js';
import { load, searchData } from './large-moves.js';
import { DELAY_MS, newOutputs, realOutput } from './outputs.js';
import type { Kind } from './run-model.js';
import { step } from './step-moves.js';
import { answer, listen, passOn, wakeAgain } from './wake-moves.js';
import { MAX_ATTEMPTS, pick, shownModel, shownReal, type World } from './world.js';

export interface Move {
  readonly verb: keyof typeof VERBS;
  readonly slot: number;
  readonly queue: Queue;
  readonly n: number;
  /** The marbles of the hand that are meant: a bit for each. */
  readonly picks: number;
  readonly outputs: readonly { kind: Kind; queue: Queue; delay: number; max: number | undefined; large: boolean }[];
  readonly delay: number;
  readonly flag: boolean;
  readonly replyLost: boolean;
  readonly batch: BatchDraw;
  /** A command that Redis refuses to everybody during the move: a call that needs it must have changed nothing. */
  readonly refused: string | undefined;
}

export type Play = (world: World, move: Move) => Promise<void>;

const keys = keysOf('lower');

export const VERBS = {
  async send(world, move) {
    const batch = drawnBatch(world, move.batch.which);
    const outputs = newOutputs(world, move, batch?.id);
    const send = () => world.bench.lower.push(outputs.map((output) => realOutput(output, false)));
    if (batch && world.model.batches.refusal(batch)) return refuses('MR_BATCH_CLOSED', send);
    await send();
    world.model.send(outputs);
  },

  /** Takes marbles for good. A lost reply would lose them, as documented, so none is lost here. */
  async pop(world, { queue, n }) {
    world.bench.replyLost = false;
    // One whose data are gone is read in vain, and is a dead letter of another command: that is a test of its own.
    if (world.model.queues.get(queue)?.some(({ id }) => world.model.withoutData.has(id))) return;
    const popped = await world.bench.lower.pop([queue], n);
    const expected = n > 0 ? world.model.pop(queue, n) : [];
    assert.deepEqual(
      popped.map(({ envelope }) => envelope.id),
      expected.map(({ id }) => id),
    );
  },

  async swap(world, move) {
    const slot = world.slots[move.slot]!;
    const [finish, rest] = pick(slot.hand, move.picks);
    const abandon = move.flag && rest[0] ? [rest[0]] : [];
    const outputs = finish.map(({ envelope }, i) => (i === 0 ? newOutputs(world, move, envelope.member) : []));
    const sources = move.n === 0 ? [] : move.delay > 0 ? [...QUEUES].reverse() : [...QUEUES];
    const woken = finish.length === 0 ? slot.woken : undefined; // then it may ask by the shortest way
    const waitOn = move.n > 0 && woken === undefined ? move.queue : undefined;
    const request = { abandon, sources, want: move.n, waitOn, woken };
    const real = await slot.holding.swap({
      ...request,
      finish: finish.map((held, i) => ({ held, outputs: outputs[i]!.map((output) => realOutput(output, true)) })),
    });
    const modelFinish = finish.map(({ receipt, queue }, i) => ({ receipt, queue, outputs: outputs[i]! }));
    const modelAbandon = abandon.map(({ receipt }) => receipt);
    const model = slot.model.swap({ ...request, abandon: modelAbandon, finish: modelFinish }, move.replyLost);
    assert.equal(real.forgotten, model === 'forgotten');
    if (real.forgotten || model === 'forgotten') return world.replace(move.slot);
    assert.deepEqual(real.taken.map(shownReal), model.taken.map(shownModel));
    assert.deepEqual([...real.refused].sort(), model.refused.sort());
    // this includes abandoned marbles: a client may still finish them, in time or late
    slot.hand = [...rest, ...real.taken];
    if (move.n > 0) await answer(world, move.slot, real.taken.length === 0);
  },

  async block(world, { slot: i, replyLost }) {
    await world.noticeCuts();
    const slot = world.slots[i]!;
    const { waitsOn } = slot.model.client;
    // An empty queue that nothing comes to is waited on in slices, as many as there is time for. So there is nothing to
    // compare.
    if (waitsOn === '' || (!replyLost && !world.model.queues.get(waitsOn)?.length)) return;
    const real = await slot.holding.block(waitsOn, 10, 5000);
    const model = slot.model.block(replyLost);
    await world.noticeCuts();
    assert.deepEqual(real && shownReal(real), model && shownModel(model));
    if (real) slot.hand.push(real);
  },

  /** Lets a wait that its client had given up go on at Redis, and take one marble. */
  async landLate({ bench, slots }, { slot: i }) {
    const { holding, model } = slots[i]!;
    const { waitsOn } = model.client;
    if (!model.landLate()) return;
    await bench.redis.lmove(keys.queue(waitsOn), keys.inbox(holding.id, waitsOn), 'RIGHT', 'LEFT');
  },

  /** Notes that work on some begins; with `n` 0 the holder dies of it at once. */
  async begin(world, move) {
    const { slot: i, picks, delay, flag } = move;
    const { holding, model, hand } = world.slots[i]!;
    const [some] = pick(hand, picks);
    const [limit, timeLimitMs] = (
      [
        ['as it was', undefined],
        ['none', 0],
        ['some', LEASE_MS],
      ] as const
    )[delay]!;
    const [charge, begun] = flag ? (['alone', 'a'] as const) : (['among others', 'c'] as const);
    const isSuspect = ({ envelope }: Held) => envelope.suspicion !== undefined;
    const asked = some.map((held) => ({ held, timeLimitMs, charge: isSuspect(held) ? charge : undefined }));
    const gone = await holding.begin(asked);
    const expected = model.begin(
      some.map((held) => ({ receipt: held.receipt, limit, begun: isSuspect(held) ? begun : undefined })),
    );
    assert.deepEqual([...gone].map(({ receipt }) => receipt).sort(), expected.sort());
    if (move.n > 0) return;
    await VERBS.silence(world, move);
    await VERBS.sweep(world, { ...move, flag: false });
  },

  async adopt({ slots }, { slot: i }) {
    await slots[i]!.holding.adopt();
    slots[i]!.model.adopt();
  },

  async giveBack(world, move) {
    const slot = world.slots[move.slot]!;
    const [some, rest] = pick(slot.hand, move.picks);
    const verdict = move.flag ? 'fail' : move.n > 1 ? 'cancel' : 'release';
    const delayMs = move.delay * DELAY_MS;
    const error = { message: 'no' };
    const real = await slot.holding.giveBack(some.map((held) => ({ held, verdict, delayMs, error })));
    const model = slot.model.giveBack(
      some.map(({ receipt, queue }) => ({ receipt, queue, verdict, delay: move.delay })),
    );
    assert.equal(real.forgotten, model === 'forgotten');
    if (real.forgotten || model === 'forgotten') return world.replace(move.slot);
    assert.deepEqual([...real.refused].sort(), model.refused.sort());
    // a client that asks again is not told which died
    if (!move.replyLost) assert.deepEqual([...real.dead], model.dead);
    slot.hand = rest;
  },

  async beat(world, { slot: i }) {
    const { holding, model } = world.slots[i]!;
    const lost = await holdersOf(world.bench.lower).beat([{ id: holding.id, leaseMs: LEASE_MS }], '');
    assert.equal(lost.length === 0, model.beat());
  },

  /** Lets the lease pass: the holder was silent for too long. */
  async silence(world, { slot: i }) {
    const { holding, model } = world.slots[i]!;
    await world.bench.lower.recovery.endLease(holding.id);
    if (model.entry !== 'none') Object.assign(model, { entry: 'expired', expiredAt: 0 });
  },

  async leave(world, { slot }) {
    await world.replace(slot);
  },

  /** Evicts the holder's entry, and with `flag` its description too, or deletes them by hand. */
  async evict(world, { slot: i, flag }) {
    const { holding, model } = world.slots[i]!;
    await world.bench.redis.zrem(keys.holders, holding.id);
    model.entry = 'none';
    if (!flag) return;
    await world.bench.redis.del(keys.holder(holding.id));
    model.about = undefined;
  },

  async findOrphans({ bench, model }) {
    await bench.lower.recovery.findOrphans();
    model.findOrphans();
  },

  /** Sweeps. `flag`: a holder falls silent, and is heard of again just after the sweep has seen that. */
  async sweep({ bench, model, slots }, { slot: i, flag }) {
    const back = flag ? slots[i] : undefined;
    if (back) {
      const { id } = back.holding;
      await bench.lower.recovery.endLease(id);
      bench.interlude = {
        after: (reply) => Array.isArray(reply) && Array.isArray(reply[0]) && reply[0].includes(id),
        act: () => holdersOf(bench.lower).beat([{ id, leaseMs: LEASE_MS }], ''),
      };
    }
    await bench.lower.recovery.sweep(MAX_ATTEMPTS);
    bench.interlude = undefined;
    back?.model.beat();
    model.sweep(MAX_ATTEMPTS);
  },

  /** Lets the time limit of one marble pass. */
  async overtime({ bench, model }, { n }) {
    const running = [...model.deadlines].filter(([, when]) => when === 2);
    const member = running[n % Math.max(running.length, 1)]?.[0];
    if (member === undefined) return;
    await bench.redis.zadd(keys.deadlines, 'XX', 1, member);
    model.deadlines.set(member, 1);
  },

  /** Lets delays up to this one pass. */
  async elapse({ bench, model }, { delay }) {
    const time = Date.now();
    const flat = await bench.redis.zrange(keys.later, '0', '-1', 'WITHSCORES');
    for (let i = 0; i < flat.length; i += 2) {
      const due = Number(flat[i + 1]);
      if (due > time && due < time + (delay + 0.5) * DELAY_MS)
        await bench.redis.zadd(keys.later, 'XX', due - 5 * DELAY_MS, flat[i]!);
    }
    model.elapse(delay);
  },

  async promote({ bench, model }) {
    await bench.lower.recovery.promote();
    model.promote();
  },

  step,
  settle,
  expire,
  transfer,
  destroy,
  openBatch,
  sealBatch,
  cancelBatch,
  discard,
  tidyBatches,
  freeze,
  relieve,
  pulse,
  cutHeart,
  passHeart,
  otherServer,
  lookForGone,
  lookForEnded,
  load,
  searchData,
  listen,
  passOn,
  wakeAgain,
  lift,
  land,
} satisfies Record<string, Play>;

export async function play(world: World, move: Move): Promise<void> {
  world.bench.replyLost = move.replyLost;
  await VERBS[move.verb](world, move);
  world.bench.replyLost = false;
  await world.compare();
}
