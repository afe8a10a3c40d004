import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until } from '@marblerun/test-support';
import { Communicator } from './communicator.js';
import { encodeEnvelope, newId } from './data/envelope.js';
import type { Output } from './send/outputs.js';

let bus: Communicator;
beforeEach(() => {
  bus = new Communicator(freshBus());
});
afterEach(() => bus.close());

const marble = (queue: string, data: unknown, kind: Output['kind'] = 'back'): Output => ({
  kind,
  queue,
  envelope: encodeEnvelope({ id: newId(), attempt: 0, sentAt: Date.now(), type: 'j' }, JSON.stringify(data)),
});
const waiting = async (queue: string) =>
  (await bus.dump(queue)).map(({ data }) => JSON.parse(data.toString()) as unknown);

test('transfer moves marbles from the front of one queue to the end of another', async () => {
  await bus.push([marble('a', 1), marble('a', 2), marble('a', 3), marble('b', 0)]);
  expect(await bus.transfer('a', 'b', 2)).toBe(2);
  expect([await waiting('a'), await waiting('b')]).toEqual([[3], [0, 1, 2]]);
  expect(await bus.transfer('empty', 'b', 2)).toBe(0);
});

test('dump shows a page without taking, destroy takes all', async () => {
  await bus.push([1, 2, 3, 4, 5].map((n) => marble('a', n)));
  expect((await bus.dump('a', 1, 2)).map(({ data }) => data.toString())).toEqual(['2', '3']);
  expect(await bus.destroy('a')).toBe(5);
  expect([await waiting('a'), await bus.destroy('a')]).toEqual([[], 0]);
});

test('a value is kept for its time to live', async () => {
  expect(await bus.get('position')).toBeUndefined();
  await bus.set('position', '17', 60_000);
  expect(await bus.get('position')).toBe('17');
  await bus.set('position', '18', 30);
  await until('the value is gone', async () => (await bus.get('position')) === undefined);
});

test('show tells of each queue what waits, since when, and what was counted', async () => {
  await bus.push([marble('a', 1), marble('a', 2), marble('b', 1, 'up')]);
  await bus.pop(['a']);
  const [a, b] = await bus.show();
  expect(a).toMatchObject({ queue: 'a', depth: 1, held: 0, counts: { sent: 2, taken: 1, finished: 1 } });
  expect(a?.oldestMs).toBeGreaterThanOrEqual(0);
  expect(b).toMatchObject({ queue: 'b', depth: 0, counts: { elevated: 1, sent: 0 } });
});

test('a queue that is empty and still is forgotten with its counts, another is not', async () => {
  await bus.push([marble('a', 1), marble('b', 1)]);
  await bus.pop(['a']);
  expect(await bus.prune(3_600_000)).toBe(0);
  await until('a has been still for a moment', async () => (await bus.prune(1)) === 1);
  expect((await bus.show()).map(({ queue }) => queue)).toEqual(['b']);
});

test('names are checked before anything is sent', async () => {
  await expect(bus.dump('a b')).rejects.toMatchObject({ code: 'MR_BAD_NAME' });
  await expect(bus.transfer('a', '{b}', 1)).rejects.toMatchObject({ code: 'MR_BAD_NAME' });
  await expect(bus.set('a b', '', 1)).rejects.toMatchObject({ code: 'MR_BAD_NAME' });
  expect(() => bus.laneSource('a b')).toThrow(expect.objectContaining({ code: 'MR_BAD_NAME' }));
});

test('after close every call says so', async () => {
  await bus.close();
  await expect(bus.dump('a')).rejects.toMatchObject({ code: 'MR_CLOSED' });
  await expect(bus.push([marble('a', 1)])).rejects.toMatchObject({ code: 'MR_CLOSED' });
});
