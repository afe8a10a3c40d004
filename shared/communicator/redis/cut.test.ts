/**
 * A connection is cut after Redis did a command and before its reply came, or a command arrives late, after it was
 * repeated. Nothing is done twice, and nothing is lost. The tests run over a real, damaged connection.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Cable, freshBus, until, type Bus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { Holding } from '../hold/holding.js';
import type { Held, SwapRequest } from '../hold/held.js';
import { keysOf, type RunKeys } from './keys.js';
import type { Output } from '../send/outputs.js';

let bus: Bus;
let cable: Cable;
let far: Communicator; // beyond the cable
let near: Communicator;
let redis: Redis;
let keys: RunKeys;
beforeEach(async () => {
  bus = freshBus();
  keys = keysOf(bus.run);
  cable = await Cable.to(bus.redis);
  far = new Communicator({ ...bus, redis: cable.url });
  near = new Communicator(bus);
  redis = new Redis(bus.redis);
});
afterEach(async () => {
  await Promise.all([far.close(), near.close()]);
  redis.disconnect();
  await cable.close();
});

const output = (id: string, queue = 'q', kind: Output['kind'] = 'back'): Output => ({
  ...{ kind, queue, delayMs: kind === 'later' ? 3_600_000 : undefined },
  envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, `"data-${id}"`),
});
const ids = async (queue = 'q') => (await near.dump(queue, 0, 1000)).map(({ id }) => id);
const counts = async (queue = 'q') => (await near.show()).find((status) => status.queue === queue)?.counts;

async function holder(): Promise<Holding> {
  const options = { leaseMs: 60_000, timeLimitMs: 0, maxAttempts: 5, description: {} };
  const holding = far.holders.holding(far.holders.waitingConnection(5000), options);
  await holding.enter();
  return holding;
}

async function swap(holding: Holding, request: SwapRequest): Promise<{ taken: Held[]; refused: string[] }> {
  const result = await holding.swap(request);
  if (result.forgotten) throw new Error('the holder is not known');
  return { taken: result.taken, refused: [...result.refused] };
}

/** Sends all commands of a kind over the cable once, so that Redis knows their scripts. */
async function warmUp(holding: Holding): Promise<void> {
  await far.push([output('warm', 'warm')]);
  const { taken } = await swap(holding, { sources: ['warm'], want: 1 });
  await holding.giveBack([{ held: taken[0]!, verdict: 'release', delayMs: 0 }]);
  await swap(holding, { finish: finish((await swap(holding, { sources: ['warm'], want: 1 })).taken) });
}
const finish = (taken: readonly Held[]) => taken.map((held) => ({ held, outputs: [] }));

test.each(['back', 'front', 'up', 'later', 'dead'] as const)(
  'a send (%s) whose reply is lost is there once',
  async (kind) => {
    await far.push([output('first')]);
    const lost = cable.loseReplyTo('data-second');
    await far.push([{ ...output('second', 'q', kind), reason: '{"why":"tested"}' }]);
    await lost;
    await far.push([output('third')]);
    const there = {
      back: 'back|front',
      front: 'front',
      up: await redis.llen(keys.outbox('q')),
      later: await near.status.laterCount(),
      dead: await near.deadLetters.count(),
    }[kind];
    const inQueue = { back: ['first', 'second', 'third'], front: ['second', 'first', 'third'] };
    if (kind === 'back' || kind === 'front') expect(await ids()).toEqual(inQueue[kind]);
    else expect([await ids(), there]).toEqual([['first', 'third'], 1]);
    expect(await counts()).toMatchObject(kind === 'up' ? { sent: 2, elevated: 1 } : { sent: 3 });
  },
);

test('of many sends at once, cut again and again, each is there once and in order', async () => {
  await far.push([output('m0')]);
  let cuts = 0;
  const sends: Promise<void>[] = [];
  for (let i = 1; i <= 300; i++) {
    if (i % 50 === 0) void cable.loseReplyTo(`data-m${i}"`).then(() => cuts++);
    sends.push(far.push([output(`m${i}`)]));
    if (i % 10 === 0) await sends.at(-1);
  }
  await Promise.all(sends);
  expect(cuts).toBeGreaterThanOrEqual(3); // sends share commands: some cuts hit the same one
  expect(await ids()).toEqual(Array.from({ length: 301 }, (_, i) => `m${i}`));
});

test('a send that arrives after its repetition is not done again', async () => {
  await far.push([output('first')]);
  cable.freeze();
  const sent = far.push([output('second')]);
  await until('the command is in the cable', () => cable.heldBytes > 0);
  cable.abandon(); // the client sees the connection break; what it sent is still on its way
  await sent;
  await far.push([output('third')]);
  expect(await ids()).toEqual(['first', 'second', 'third']);
  await lateArrival();
  expect(await ids()).toEqual(['first', 'second', 'third']);
  await far.push([output('fourth')]);
  expect(await ids()).toEqual(['first', 'second', 'third', 'fourth']);
});

test('a swap whose reply is lost hands out the same marbles again, and finishes and routes once', async () => {
  const holding = await holder();
  await warmUp(holding);
  await near.push(['a', 'b', 'c', 'd'].map((id) => output(id)));
  const first = await swap(holding, { sources: ['q'], want: 2 });
  const lost = cable.loseReplyTo('data-out');
  const second = await swap(holding, {
    finish: first.taken.map((held) => ({ held, outputs: [output(`out-${held.envelope.id}`, 'next')] })),
    sources: ['q'],
    want: 1,
  });
  await lost;
  expect(second.refused).toEqual([]);
  expect(second.taken.map(({ envelope }) => envelope.id)).toEqual(['c']);
  expect(await ids('next')).toEqual(['out-a', 'out-b']);
  expect(await ids()).toEqual(['d']);
  expect(await counts()).toMatchObject({ taken: 3, finished: 2 });
  expect((await swap(holding, { finish: finish(second.taken) })).refused).toEqual([]);
  expect(await counts()).toMatchObject({ taken: 3, finished: 3 });
});

test('a swap whose reply is lost hands out many in their order', async () => {
  const holding = await holder();
  await warmUp(holding);
  const sent = Array.from({ length: 300 }, (_, i) => `m${i}`);
  await near.push(sent.map((id) => output(id)));
  const lost = cable.loseReplyTo(holding.id, 'data-m0');
  const { taken } = await swap(holding, { sources: ['q'], want: 300 });
  await lost;
  expect(taken.map(({ envelope }) => envelope.id)).toEqual(sent);
});

test('a swap that arrives after its repetition takes nothing and overwrites nothing', async () => {
  const holding = await holder();
  await warmUp(holding);
  await near.push(['a', 'b', 'c'].map((id) => output(id)));
  cable.freeze();
  const swapped = swap(holding, { sources: ['q'], want: 1 });
  await until('the command is in the cable', () => cable.heldBytes > 0);
  cable.abandon();
  const { taken } = await swapped;
  expect(taken.map(({ envelope }) => envelope.id)).toEqual(['a']);
  await lateArrival();
  expect(await ids()).toEqual(['b', 'c']);
  expect(await redis.hlen(keys.held(holding.id))).toBe(2); // the marble, and op
  expect((await swap(holding, { finish: finish(taken) })).refused).toEqual([]);
  await holding.leave();
  expect(await ids()).toEqual(['b', 'c']);
});

test('a swap that took nothing and arrives after its repetition takes nothing either', async () => {
  const holding = await holder();
  await warmUp(holding);
  cable.freeze();
  const swapped = swap(holding, { sources: ['q'], want: 5 });
  await until('the command is in the cable', () => cable.heldBytes > 0);
  cable.abandon();
  expect(await swapped).toEqual({ taken: [], refused: [] });
  await near.push([output('a')]);
  await lateArrival();
  expect(await ids()).toEqual(['a']);
});

test('a giveback whose reply is lost is done once: one attempt more, and once in its queue', async () => {
  const holding = await holder();
  await warmUp(holding);
  await near.push([output('a'), output('b'), output('c')]);
  const { taken } = await swap(holding, { sources: ['q'], want: 2 });
  const lost = cable.loseReplyTo('failed-for-a-test');
  const error = { message: 'failed-for-a-test' };
  const result = await holding.giveBack(taken.reverse().map((held) => ({ held, verdict: 'fail', delayMs: 0, error })));
  await lost;
  expect(result).toMatchObject({ forgotten: false, refused: new Set() });
  expect((await near.dump('q')).map(({ id, attempt }) => [id, attempt])).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 0],
  ]);
  expect(await counts()).toMatchObject({ taken: 2, failed: 2, returned: 2 });
});

test('a marble whose arrival is lost with the connection of its waiting holder is handed over by the next swap', async () => {
  const holding = await holder();
  await warmUp(holding);
  await swap(holding, { sources: ['q'], want: 1, waitOn: 'q' });
  const lost = cable.loseReplyTo('blmove', 'data-a');
  const blocked = holding.block('q', 5000, 5000);
  await until('it waits', async () => Number(/blocked_clients:(\d+)/.exec(await redis.info('clients'))?.[1]) > 0);
  await near.push([output('a'), output('b')]);
  await lost;
  expect(await blocked).toBeUndefined();
  expect(await ids()).toEqual(['b']);
  const { taken } = await swap(holding, { sources: ['q'], want: 1 });
  expect(taken.map(({ envelope }) => envelope.id).sort()).toEqual(['a', 'b']);
  expect((await swap(holding, { finish: finish(taken) })).refused).toEqual([]);
  expect(await counts()).toMatchObject({ taken: 2, finished: 2 });
});

test('a lane whose replies are lost carries each marble once', async () => {
  const upper = freshBus();
  const farUpper = new Communicator({ ...upper, redis: cable.url });
  const nearUpper = new Communicator(upper);
  const source = far.laneSource('up');
  const target = farUpper.laneTarget();
  const limits = { marbles: 2, bytes: 1_000_000 };
  const options = { from: bus.run, hopLimit: 5, onward: () => false };
  await near.push(['a', 'b', 'c', 'd', 'e'].map((id) => output(id, 'q', 'up')));
  let arrived = await source.lift(['q'], limits);
  await target.land(arrived!, options);
  for (const id of ['c', 'e']) {
    const lost = [cable.loseReplyTo(keys.transit('up')), cable.loseReplyTo(`data-${id}`)];
    const batch = await source.lift(['q'], limits, arrived);
    await lost[0];
    expect((await target.land(batch!, options)).landing).toBe('duplicate'); // its first answer was lost
    await lost[1];
    arrived = batch;
  }
  expect(await source.lift(['q'], limits, arrived)).toBeUndefined();
  expect((await nearUpper.dump('q')).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e']);
  await Promise.all([farUpper.close(), nearUpper.close()]);
});

/**
 * Lets through what is held back. Redis does it and closes the connection, because it has heard by now that the client
 * is gone.
 */
async function lateArrival(): Promise<void> {
  cable.release();
  await until('Redis has done what was late', () => cable.orphans === 0);
}
