/** The usual step of a loop goes by the short script, and whatever that cannot do goes by the swap. */
import { expect, test } from '@jest/globals';
import { bus, countsOf, envelope, holder, keys, output, redis, send, swap, take, waiting } from '../testing.js';
import type { Held, HoldingOptions, SwapRequest } from './held.js';
import type { Holding } from './holding.js';

const LEASE_MS = 60_000;

/** Makes a request of a holder that has taken the first of `q`. Returns what was taken, and whether by the swap. */
async function asked(
  request: Partial<SwapRequest>,
  { options = {}, header = {}, outputs = [], first = 1 }: Asked = {},
) {
  const first2 = [envelope('m1', header), envelope('m2', header)];
  await bus.push([...first2.map((one, i) => ({ ...output(`m${i + 1}`), envelope: one })), output('m3'), output('m4')]);
  const holding = await holder({ leaseMs: LEASE_MS, ...options });
  const taken = await take(holding, first);
  const finish = [{ held: taken[0]!, outputs }];
  // A swap renews a lease that has come near its end, and a step does not.
  const soon = Date.now() + LEASE_MS / 2;
  await redis.zadd(keys.holders, String(soon), holding.id);
  const next = await swap(holding, { finish, sources: ['q'], want: 1, isAhead: true, ...request });
  const isSwap = Number(await redis.zscore(keys.holders, holding.id)) !== soon;
  return { holding, isSwap, next };
}
interface Asked {
  readonly options?: Partial<HoldingOptions>;
  readonly header?: Parameters<typeof envelope>[1];
  readonly outputs?: ReturnType<typeof output>[];
  readonly first?: number;
}
const idsOf = (taken: readonly Held[]) => taken.map(({ envelope }) => envelope.id);
const heldBy = async (holding: Holding) => Object.keys(await redis.hgetall(keys.held(holding.id))).sort();

test('one marble, one queue: by the step, which counts and holds as a swap does', async () => {
  const { holding, isSwap, next } = await asked({});
  expect([isSwap, idsOf(next.taken), await waiting()]).toEqual([false, ['m2'], ['m3', 'm4']]);
  expect(await countsOf()).toMatchObject({ taken: 2, finished: 1 });
  expect(await heldBy(holding)).toEqual(['2/q', 'op']);
});

test('an empty queue, or one that is no list: the marble is finished, and nothing is taken', async () => {
  expect(await asked({ sources: ['empty'] })).toMatchObject({ isSwap: false, next: { taken: [] } });
  await redis.set(keys.queue('broken'), 'no list');
  const { holding, isSwap, next } = await asked({ sources: ['broken'] });
  expect([isSwap, next.taken, [...next.refused]]).toEqual([false, [], []]);
  expect(await heldBy(holding)).toEqual(['op']);
});

test('what it sends to the backs of queues goes with the step, in its order, as a swap sends it', async () => {
  await send('busy', 'before');
  await redis.hset(keys.watched, 'idle', Date.now() + LEASE_MS); // a holder waits for it, with other queues
  const outputs = [output('o1', 'idle'), output('o2', 'busy'), output('o3', 'idle')];
  const { holding, isSwap, next } = await asked({}, { outputs });
  expect([isSwap, idsOf(next.taken), await waiting()]).toEqual([false, ['m2'], ['m3', 'm4']]);
  expect([await waiting('idle'), await waiting('busy')]).toEqual([
    ['o1', 'o3'],
    ['before', 'o2'],
  ]);
  expect([await countsOf('idle'), await countsOf('busy')]).toMatchObject([{ sent: 2 }, { sent: 2 }]);
  expect(await redis.zscore(keys.queues, 'idle')).not.toBeNull();
  expect([await redis.exists(keys.wake('idle')), await redis.exists(keys.wake('busy'))]).toEqual([1, 0]);
  expect(await heldBy(holding)).toEqual(['2/q', 'op']);
});

test('steps that send to one queue after another each have their own keys', async () => {
  const { holding, next } = await asked({}, { outputs: [output('o1', 'one')] });
  const step = (held: Held, to: string) => {
    const finish = [{ held, outputs: [output(`to-${to}`, to)] }];
    return swap(holding, { finish, sources: ['q'], want: 1, isAhead: true });
  };
  const second = await step(next.taken[0]!, 'two');
  await step(second.taken[0]!, 'one');
  expect([await waiting('one'), await waiting('two')]).toEqual([['o1', 'to-one'], ['to-two']]);
});

test('a key that holds no list: by the swap, which sends all the others and has a letter for that one', async () => {
  await redis.set(keys.queue('broken'), 'no list');
  const { isSwap, next } = await asked({}, { outputs: [output('o1', 'whole'), output('o2', 'broken')] });
  expect([isSwap, idsOf(next.taken), await waiting('whole')]).toEqual([true, ['m2'], ['o1']]);
  expect((await bus.deadLetters.list()).map(({ queue, envelope: dead }) => [queue, dead?.id])).toEqual([
    ['broken', 'o2'],
  ]);
});

test('one that is not held any more sends nothing', async () => {
  const { holding, next } = await asked({});
  const [held] = next.taken as [Held];
  await redis.hdel(keys.held(holding.id), held.receipt);
  const finish = [{ held, outputs: [output('late', 'other')] }];
  const again = await swap(holding, { finish, sources: ['q'], want: 1, isAhead: true });
  expect([[...again.refused], await waiting('other')]).toEqual([['2/q'], []]);
});

test.each<[string, Partial<SwapRequest>, Asked]>([
  ['an output to the queue that it takes from', {}, { outputs: [output('out', 'q')] }],
  ['an output to the front', {}, { outputs: [{ ...output('out', 'other'), kind: 'front' }] }],
  ['an output that is a member', {}, { outputs: [output('out', 'other', { member: 'unknown' })] }],
  ['very many outputs', {}, { outputs: Array.from({ length: 1001 }, (_, i) => output(`o${i}`, 'other')) }],
  ['a member', {}, { header: { member: 'unknown' } }],
  ['a limit of its own', {}, { header: { timeLimitMs: 5000 } }],
  ['a limit of the holder', {}, { options: { timeLimitMs: 5000 } }],
  ['two queues', { sources: ['q', 'other'] }, {}],
  ['several to take', { want: 2 }, {}],
  ['a queue to wait on', { waitOn: 'q' }, {}],
  ['nothing to take', { sources: [], want: 0 }, {}],
])('%s: by the swap', async (_, request, about) => {
  const { isSwap, next } = await asked(request, about);
  expect([isSwap, next.refused.size]).toEqual([true, 0]);
  expect(await countsOf()).toMatchObject({ finished: 1 });
});

test('a marble that is not held any more is refused, by the swap that follows, and the next is taken once', async () => {
  const { holding, next } = await asked({});
  const [held] = next.taken as [Held];
  await redis.hdel(keys.held(holding.id), held.receipt);
  const again = await swap(holding, { finish: [{ held, outputs: [] }], sources: ['q'], want: 1, isAhead: true });
  expect([[...again.refused], idsOf(again.taken), await waiting()]).toEqual([['2/q'], ['m3'], ['m4']]);
});

test('after another command was noted the swap looks whether Redis has gone back', async () => {
  const { holding, next } = await asked({});
  const [second] = next.taken as [Held];
  const [third] = await take(holding, 1);
  await holding.giveBack([{ held: third!, verdict: 'release', delayMs: 0 }]);
  await redis.hset(keys.held(holding.id), 'op', '1'); // as a replica has it that lags behind
  const answer = await holding.swap({
    finish: [{ held: second, outputs: [] }],
    sources: ['q'],
    want: 1,
    isAhead: true,
  });
  expect(answer.forgotten).toBe(true);
});
