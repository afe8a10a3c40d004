/** Counts compared with what there is. Whatever is done to marbles is in the Monitor's test of it, redis-watch. */
import { expect, test } from '@jest/globals';
import { bus, connection, envelope, holder, keys, output, redis, send, take } from '../testing.js';
import { Audit } from './audit.js';
import { QueueReader } from './queue-reader.js';

/** One marble in each place where it can be: what to delete to lose it. */
async function everywhere(): Promise<Record<string, () => Promise<unknown>>> {
  await send('q', 'waits');
  await bus.push([output('up', 'q', { kind: 'up' }), output('later', 'q', { kind: 'later', delayMs: 3_600_000 })]);
  await bus.push([output('dead', 'q', { kind: 'dead', reason: '{"why":"tested"}' }), output('held', 'held')]);
  const [holds, waits] = [await holder(), await holder()];
  await take(holds, 1, 'held');
  await waits.swap({ waitOn: 'empty' });
  const came = waits.block('empty', 5000);
  await send('empty', 'came');
  await came;
  return {
    queue: () => redis.del(keys.queue('q')),
    outbox: () => redis.del(keys.outbox('q')),
    delayed: () => redis.del(keys.later),
    dead: () => redis.del(keys.dead),
    held: () => redis.hdel(keys.held(holds.id), '1/held'),
    inbox: () => redis.del(keys.inbox(waits.id, 'empty')),
  };
}

test('a marble is found in each place where it can be, and missed where it is gone from there', async () => {
  const places = Object.entries(await everywhere());
  const { due, there, moved } = await bus.audit.take();
  expect([due, there, moved]).toEqual([places.length, places.length, 0]);
  for (const [i, [, lose]] of places.entries()) {
    await lose();
    expect((await bus.audit.take()).there).toBe(places.length - 1 - i);
  }
  expect((await bus.audit.take()).due).toBe(places.length);
});

test('more marbles than were counted are seen too', async () => {
  await send('q', 'm1');
  await redis.lpush(keys.queue('q'), envelope('by hand'));
  expect(await bus.audit.take()).toMatchObject({ due: 1, there: 2 });
});

test('the mark stays while the counts do, and is another once they were lost', async () => {
  await send('q', 'm1');
  const { mark } = await bus.audit.take();
  await send('q', 'm2');
  expect((await bus.audit.take()).mark).toBe(mark);
  await redis.del(keys.counts);
  expect((await bus.audit.take()).mark).not.toBe(mark);
});

test('a run of more lists than one step is summed over all of them, and what moved meanwhile is told', async () => {
  const queues = Array.from({ length: 2500 }, (_, i) => output(`m${i}`, `q${i}`));
  await bus.push(queues);
  expect(await bus.audit.take()).toMatchObject({ due: 2500, there: 2500, moved: 0 });
  class Slow extends QueueReader {
    override async *names(): AsyncGenerator<string[]> {
      let sent = 0;
      for await (const some of super.names()) {
        yield some;
        if (sent++ < 2) await send('q0', 'while it counts');
      }
    }
  }
  const busy = await new Audit(connection, keys, new Slow(connection, keys)).take();
  expect(busy.moved).toBeGreaterThan(0);
  expect(Math.abs(busy.due - busy.there)).toBeLessThanOrEqual(busy.moved);
});

test('whether marbles have left for a higher run', async () => {
  await bus.push([output('m1', 'q', { kind: 'up' })]);
  expect(await bus.audit.hasLifted()).toBe(false);
  const source = bus.laneSource('up');
  const transit = await source.lift(['q'], { marbles: 10, bytes: 1_000_000 });
  await source.lift(['q'], { marbles: 10, bytes: 1_000_000 }, transit);
  expect(await bus.audit.hasLifted()).toBe(true);
  expect(await bus.audit.take()).toMatchObject({ due: 0, there: 0 });
});
