/** Duties: one owner at a time, and an owner that comes late notes nothing. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freshBus, until, type Bus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { keysOf } from '../redis/keys.js';

const HOUR_MS = 3_600_000;
let bus: Bus;
let one: Communicator;
let other: Communicator;

beforeEach(() => {
  bus = freshBus();
  one = new Communicator(bus);
  other = new Communicator(bus);
});
afterEach(() => Promise.all([one.close(), other.close()]));

const take = ({ duties }: Communicator, forMs = HOUR_MS) => duties.take('scale', forMs);
const note = ({ duties }: Communicator, fence: number, text: string, forMs = HOUR_MS) =>
  duties.note('scale', fence, text, forMs);

test('a duty has one owner at a time, who keeps it with the same fence; each duty has its own', async () => {
  expect(await take(one)).toEqual({ fence: 1, note: '', at: expect.any(Number) });
  expect(await take(other)).toBeUndefined();
  expect(await take(one)).toMatchObject({ fence: 1 });
  expect(await other.duties.take('another', HOUR_MS)).toMatchObject({ fence: 1 });
});

test('the next owner has a higher fence and reads the note; the one before may do nothing more', async () => {
  expect(await take(one, 1)).toMatchObject({ fence: 1 });
  const next = await until('the time is over', () => take(other));
  expect(next).toMatchObject({ fence: 2, note: '' });
  expect(await note(one, 1, 'late')).toBe(false);
  expect(await note(other, 2, 'with\na line')).toBe(true);
  expect(await one.duties.noted('scale')).toBe('with\na line');
  expect(await note(other, 1, 'by an old fence')).toBe(false);
  expect(await note(other, 2, 'given up', 0)).toBe(true);
  expect(await note(other, 2, 'afterwards')).toBe(false);
  expect(await take(one)).toMatchObject({ fence: 3, note: 'given up' });
});

test('of many that take a duty at once one has it', async () => {
  const many = Array.from({ length: 10 }, () => new Communicator(bus));
  const taken = await Promise.all(many.map((communicator) => take(communicator)));
  expect(taken.filter((duty) => duty !== undefined)).toHaveLength(1);
  await Promise.all(many.map((communicator) => communicator.close()));
});

test('a date that a clock has set which has gone back since keeps nobody out; the fence grows on', async () => {
  const redis = new Redis(bus.redis);
  await redis.hset(keysOf(bus.run).duties, 'scale', `7 ${Date.now() + 2 * HOUR_MS} somebody its note`);
  redis.disconnect();
  expect(await take(one)).toMatchObject({ fence: 8, note: 'its note' });
});
