/** Swaps on a real Redis, written as `swap.lua` reads them: which script is asked, and what comes of it. */
import { expect, test } from '@jest/globals';
import { bus, connection, countsOf, keys, noting, output, redis, send, waiting } from '../testing.js';
import { callScript } from '../redis/scripts.js';
import type { Output } from '../send/outputs.js';
import { Held, type SwapRequest } from './held.js';
import { swapCommand, type HolderState, type SwapAnswer } from './swap-arguments.js';

const ID = 'holder';
const state: HolderState = {
  ...{ id: ID, leaseMs: 60_000, timeLimitMs: 0, op: 1, noted: 0, count: 0 },
  ...{ firstSeq: 1, waitsOn: '', inbox: undefined },
};

async function enter(): Promise<void> {
  const call = { keys: { holder: keys.holder(ID), held: keys.held(ID) }, args: { holder: ID, leaseMs: 60_000 } };
  await connection.run((to) => callScript(to, keys, 'enter', { ...call, moreArgs: ['maxAttempts', '3'] }));
}

/** Asks, and notes by which script, and with which arguments. */
async function ask(request: SwapRequest, more: Partial<HolderState> = {}, again = false) {
  const command = swapCommand({ ...state, ...more }, request, keys);
  let [script, args]: [string, readonly unknown[]] = ['', []];
  const note = (name: string, given: readonly unknown[]) => ([script, args] = [name, given]);
  const answer = await connection.run((to) => command(noting(to, note), again));
  return { script, args, answer: answer && inWords(answer) };
}

function inWords({ refused, cancelled, taken }: SwapAnswer) {
  const ids = taken.flatMap(([queue, first, envelopes]) => {
    return envelopes.map((bytes, i) => `${first + i}/${String(queue)} ${String(bytes).split(' ', 1)[0]}`);
  });
  return { refused: refused.map(String), cancelled: cancelled.map(String), taken: ids };
}

const held = (seq: number, more: { member?: string; timeLimitMs?: number } = {}, queue = 'q') =>
  new Held(seq, queue, { id: `m${seq}`, attempt: 0, sentAt: 0, type: 'j', data: Buffer.from('1'), ...more }, undefined);
const finish = (one: Held, ...outputs: Output[]) => [{ held: one, outputs }];

test('sources are taken from in their order, up to what is wanted, numbered from the first', async () => {
  await enter();
  await send('a', 'a1', 'a2');
  await send('b', 'b1', 'b2');
  const { script, answer } = await ask({ sources: ['b', 'a'], want: 3 }, { firstSeq: 8 });
  expect(script).toBe('swap');
  expect(answer).toEqual({ refused: [], cancelled: [], taken: ['8/b b1', '9/b b2', '10/a a1'] });
  expect(await redis.hkeys(keys.held(ID))).toEqual(expect.arrayContaining(['8/b', '9/b', '10/a']));
});

test('one that is asked again answers as before and does nothing more', async () => {
  await enter();
  await send('q', 'm1', 'm2');
  const first = await ask({ sources: ['q'], want: 1 });
  const { script, answer } = await ask({ sources: ['q'], want: 1 }, {}, true);
  expect([script, answer]).toEqual([first.script, first.answer]);
  expect([await waiting(), (await countsOf())?.taken]).toEqual([['m2'], 1]);
});

test('a holder that is not known is told nothing', async () => {
  await send('q', 'm1');
  expect(await ask({ sources: ['q'], want: 1 })).toMatchObject({ script: 'swap', answer: undefined });
  expect(await waiting()).toEqual(['m1']);
});

test('outputs go by a script that a full Redis refuses, and only with a finish that counts', async () => {
  await enter();
  await send('q', 'm1');
  await ask({ sources: ['q'], want: 1 });
  const both = [...finish(held(1), output('good', 'next')), ...finish(held(7), output('late', 'next'))];
  const { script, answer } = await ask({ finish: both }, { op: 2, noted: 1, count: -1, firstSeq: 2 });
  expect([script, answer?.refused, await waiting('next')]).toEqual(['swapRouting', ['7/q'], ['good']]);
});

test('members are booked by scripts that know batches, which tell what is cancelled', async () => {
  const about = { name: 'b', onDead: 'wait', keepMs: 60_000, elevated: 'wait' } as const;
  const { id } = await bus.batches.open({ about, parent: undefined, then: undefined });
  await enter();
  await bus.push([output('m1', 'q', { member: id }), output('m2', 'q', { member: id })]);
  await ask({ sources: ['q'], want: 2 });
  const next = output('m3', 'q', { member: id, isInside: true });
  const routed = await ask(
    { finish: finish(held(1, { member: id }), next) },
    { op: 2, noted: 1, count: 2, firstSeq: 3 },
  );
  expect([routed.script, routed.answer?.cancelled]).toEqual(['swapMembersRouting', []]);
  expect((await bus.batches.states([id]))[0]).toMatchObject({ sent: 3, left: 2, finished: 1 });
  await bus.batches.cancel(id, 'not wanted');
  const plain = await ask({ finish: finish(held(2, { member: id })) }, { op: 3, noted: 2, count: 1, firstSeq: 3 });
  expect([plain.script, plain.answer?.cancelled]).toEqual(['swapMembers', [id]]);
});

test('what it waits on next is noted where that changes, and not said where it does not', async () => {
  await enter();
  const noted = () => redis.hget(keys.holder(ID), 'waiting');
  await ask({ waitOn: 'a' });
  expect(await noted()).toBe('a');
  await redis.hset(keys.holder(ID), 'waiting', 'by hand');
  await ask({ waitOn: 'a' }, { op: 2, waitsOn: 'a' });
  expect(await noted()).toBe('by hand');
  await ask({ waitOn: 'b' }, { op: 3, waitsOn: 'a' });
  expect(await noted()).toBe('b');
});

test('what was handed over is adopted: told where it was not known, and not told where it was', async () => {
  await enter();
  await ask({ waitOn: 'q' });
  for (const [op, known] of [
    [2, false],
    [3, true],
  ] as const) {
    await send('aside', `m${op}`);
    await redis.lmove(keys.queue('aside'), keys.inbox(ID, 'q'), 'RIGHT', 'LEFT');
    const seq = 10 * op;
    const { answer } = await ask({}, { op, noted: known ? 2 : 0, count: -1, waitsOn: 'q', inbox: { seq, known } });
    expect(answer?.taken).toEqual(known ? [] : [`${seq}/q m${op}`]);
    expect(await redis.hexists(keys.held(ID), `${seq}/q`)).toBe(1);
  }
  expect(await redis.exists(keys.inbox(ID, 'q'))).toBe(0);
});

test('a deadline goes with its marble, also where only the marble had a limit', async () => {
  await enter();
  await send('q', 'm1', 'm2');
  await ask({ sources: ['q'], want: 2 });
  await redis.zadd(keys.deadlines, 1, `${ID} 1/q`, 1, `${ID} 2/q`);
  await ask({ finish: finish(held(1, { timeLimitMs: 5 })) }, { op: 2, noted: 1, count: 2, firstSeq: 3 });
  expect(await redis.zrange(keys.deadlines, '0', '-1')).toEqual([`${ID} 2/q`]);
});

test('what is abandoned is due for the next sweep', async () => {
  await enter();
  await send('q', 'm1', 'm2');
  await ask({ sources: ['q'], want: 2 });
  await ask({ abandon: [held(1)] }, { op: 2, noted: 1, count: -1, firstSeq: 3 });
  expect(await redis.zrange(keys.deadlines, '0', '-1', 'WITHSCORES')).toEqual([`${ID} 1/q`, '0']);
  expect([await bus.recovery.sweep(3), await waiting()]).toMatchObject([{ returned: 1 }, ['m1']]);
});

/** The number of arguments that have a name. */
const NAMED = 12;

/** How what is finished is said, in whatever order: the number of queues, and each with its ranges. */
async function told(...some: Held[]): Promise<readonly unknown[]> {
  const { args } = await ask({ finish: some.map((one) => ({ held: one, outputs: [] })) }, { count: -1 });
  return args.slice(NAMED + 3, -1); // behind what has a name and three empty lists, and before the outputs
}

test('numbers that follow each other are one range, whatever the order in which they are finished', async () => {
  expect(await told(held(3), held(1), held(2))).toEqual([1, 'q', 1, 1, 3]);
  expect(await told(held(9), held(1), held(2), held(8), held(5))).toEqual([1, 'q', 3, 1, 2, 5, 1, 8, 2]);
});

test('numbers are ordered as numbers, and not as text', async () => {
  expect(await told(held(10), held(9), held(100))).toEqual([1, 'q', 2, 9, 2, 100, 1]);
});

test('each queue has ranges of its own, and nothing finished is nothing said', async () => {
  expect(await told(held(1, {}, 'a'), held(2, {}, 'b'), held(3, {}, 'a'))).toEqual([
    2,
    'a',
    2,
    1,
    1,
    3,
    1,
    'b',
    1,
    2,
    1,
  ]);
  expect(await told()).toEqual([0]);
});
