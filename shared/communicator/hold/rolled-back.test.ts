/**
 * A Redis that has gone back in time: a replica that had not heard of the last commands, or an old file. The marbles
 * that a client holds are then not those that Redis has noted, although there may be as many.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RedisServer, redisCli } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { Holding } from './holding.js';
import type { Held, SwapRequest } from './held.js';

let server: RedisServer;
let bus: Communicator;
let holding: Holding;
beforeEach(async () => {
  server = await RedisServer.start();
  bus = new Communicator({ redis: server.url });
  holding = bus.holders.holding(bus.holders.waitingConnection(5000), {
    leaseMs: 60_000,
    timeLimitMs: 0,
    maxAttempts: 3,
    description: {},
  });
  await holding.enter();
});
afterEach(async () => {
  await bus.close();
  await server.stop();
});

async function send(...ids: string[]): Promise<void> {
  const outputs = ids.map((id) => {
    const envelope = encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '1');
    return { kind: 'back', queue: 'q', envelope } as const;
  });
  await bus.push(outputs);
}

async function swap(request: SwapRequest): Promise<Held[]> {
  const result = await holding.swap(request);
  if (result.forgotten) throw new Error('the holder was forgotten');
  return result.taken;
}

const take = () => swap({ sources: ['q'], want: 1 });
const waiting = async () => (await bus.dump('q')).map(({ id }) => id);
const about = async () => (await bus.show()).find(({ queue }) => queue === 'q');
const remember = () => redisCli(server.port, 'SAVE');

async function goBack(): Promise<void> {
  await server.kill();
  await server.restart();
}

test('a finish of what Redis does not know to be held counts for nothing, and what it holds instead is given back', async () => {
  await send('a', 'b');
  const [a] = await take();
  await remember();
  const [b] = await swap({ finish: [{ held: a!, outputs: [] }], sources: ['q'], want: 1 });
  expect([a!.envelope.id, b!.envelope.id]).toEqual(['a', 'b']);
  expect(await about()).toMatchObject({ depth: 0, held: 1 });
  await goBack();
  expect(await about()).toMatchObject({ depth: 1, held: 1 }); // a is held, b waits
  expect(await holding.swap({ finish: [{ held: b!, outputs: [] }], sources: ['q'], want: 1 })).toEqual({
    forgotten: true,
  });
  expect(await about()).toMatchObject({ depth: 1, held: 1 });
  await holding.leave();
  expect(await waiting()).toEqual(['a', 'b']);
});

test('a give-back that Redis has lost is seen at the next one', async () => {
  await send('a', 'b');
  const [a] = await take();
  await remember();
  await holding.giveBack([{ held: a!, verdict: 'fail', delayMs: 60_000, error: { message: 'later' } }]);
  const [b] = await take();
  await goBack();
  expect(await holding.giveBack([{ held: b!, verdict: 'release', delayMs: 0 }])).toEqual({ forgotten: true });
  await holding.leave();
  expect(await waiting()).toEqual(['a', 'b']);
  expect(await about()).toMatchObject({ depth: 2, held: 0 });
});

test('what is in the inbox and was adopted, and lies in inbox again, is not left there', async () => {
  await swap({ sources: ['q'], want: 1, waitOn: 'q' });
  await send('a');
  const came = await holding.block('q', 5000);
  await remember();
  await holding.adopt();
  expect(came!.envelope.id).toBe('a');
  expect(await about()).toMatchObject({ depth: 0, held: 1 });
  await goBack();
  expect(await holding.swap({ finish: [{ held: came!, outputs: [] }] })).toEqual({ forgotten: true });
  await holding.leave();
  expect(await waiting()).toEqual(['a']);
});
