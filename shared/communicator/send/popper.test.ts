import { expect, test } from '@jest/globals';
import { Cable, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import { bus, closing, countsOf, keys, output, place, redis, send, waiting } from '../testing.js';

const popped = async (queues: string[], count: number, on = bus) =>
  (await on.pop(queues, count)).map(({ queue, envelope }) => [queue, envelope.id]);
const counted = (n: number, queue = 'q') => until('it is counted', async () => (await countsOf(queue))?.finished === n);

test('marbles are taken for good, from the first queue that has some, as many as wanted', async () => {
  await send('a', 'a1');
  await send('b', 'b1', 'b2', 'b3');
  expect(await popped(['a', 'b'], 3)).toEqual([
    ['a', 'a1'],
    ['b', 'b1'],
    ['b', 'b2'],
  ]);
  expect(await waiting('b')).toEqual(['b3']);
  expect(await popped(['a'], 1)).toEqual([]);
  expect(await countsOf('b')).toMatchObject({ sent: 3, taken: 2, finished: 2 });
});

test('a wait ends with a marble, which is counted right after, or with its time', async () => {
  const waits = bus.holders.waitingConnection(5000);
  expect(await bus.holders.popBlocking(waits, 'q', 20)).toBeUndefined();
  const found = bus.holders.popBlocking(waits, 'q', 5000);
  await send('q', 'm1');
  expect((await found)?.envelope.id).toBe('m1');
  await counted(1);
  expect(await countsOf()).toMatchObject({ sent: 1, taken: 1, finished: 1 });
});

test('what could not be counted at once is counted with the next pop of its queue, its batch too', async () => {
  const about = { name: 'b', onDead: 'wait', keepMs: 60_000, elevated: 'wait' } as const;
  const { id } = await bus.batches.open({ about, parent: undefined, then: undefined });
  await bus.push([output('m1', 'q', { member: id })]);
  await popped(['other'], 1); // its rights are asked for by now
  await redis.rename(keys.counts, keys.value('aside'));
  await redis.set(keys.counts, 'no hash');
  const waits = bus.holders.waitingConnection(5000);
  expect((await bus.holders.popBlocking(waits, 'q', 5000))?.envelope.id).toBe('m1');
  const refusal = () =>
    bus.pop(['q']).then(
      () => '',
      (error: unknown) => (error as { code: string }).code,
    );
  await until('it cannot be counted', async () => (await refusal()) === 'MR_REDIS_WRONG_TYPE');
  await redis.rename(keys.value('aside'), keys.counts);
  expect(await popped(['q'], 1)).toEqual([]);
  expect(await countsOf()).toMatchObject({ taken: 1, finished: 1 });
  expect((await bus.batches.states([id]))[0]).toMatchObject({ left: 0, finished: 1 });
});

test('what is no envelope is taken and counted all the same, and the error says so', async () => {
  await bus.push([{ kind: 'back', queue: 'q', envelope: 'garbage' }]);
  const waits = bus.holders.waitingConnection(5000);
  await expect(bus.holders.popBlocking(waits, 'q', 5000)).rejects.toMatchObject({ code: 'MR_DATA_UNREADABLE' });
  await counted(1);
  expect(await redis.llen(keys.queue('q'))).toBe(0);
});

test('a wait whose connection breaks ends without a marble, and is not asked again', async () => {
  const cable = closing(await Cable.to(place.redis));
  const far = closing(new Communicator({ ...place, redis: cable.url }));
  const waits = far.holders.waitingConnection(60_000);
  const found = far.holders.popBlocking(waits, 'q', 60_000);
  await until('it waits', () => waits.state === 'ready');
  cable.cut();
  expect(await found).toBeUndefined();
});

test('close waits until what was taken is counted', async () => {
  const own = closing(new Communicator(place));
  await send('q', 'm1');
  await own.holders.popBlocking(own.holders.waitingConnection(5000), 'q', 5000);
  await own.close();
  expect(await countsOf()).toMatchObject({ taken: 1, finished: 1 });
});
