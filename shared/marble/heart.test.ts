/** The heart of a process: noted while somebody has it, by whatever connection it beats. */
import { expect, test } from '@jest/globals';
import { until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { keysOf } from '../communicator/redis/keys.js';
import { containerId } from './container.js';
import { newHeart } from './heart.js';
import { bus, marbleOf, peek } from './testing.js';

/** Long: whatever happens here at once is not its next beat. */
const LEASE_MS = 3_600_000;

async function asked<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(bus.redis);
  return ask(redis).finally(() => redis.disconnect());
}

const notes = () =>
  asked(async (redis) => {
    const all = Object.entries(await redis.hgetall(keysOf(bus.run).hearts));
    return new Map(all.map(([heart, text]) => [heart, text.split(' ')]));
  });
const noted = (n: number) =>
  until(`${n} hearts are noted`, async () => {
    const all = await notes();
    return all.size === n && all;
  });
const heartsOfHolders = async () => (await peek.status.holders()).map(({ about }) => about['heart']);

test('all holders of a process that beat alike have one heart, which is noted with its connection', async () => {
  const marbles = [marbleOf({ leaseMs: LEASE_MS }), marbleOf({ leaseMs: LEASE_MS })];
  for (const marble of marbles) await marble.check('a');
  const [[heart, [id, address, goneMs]]] = [...(await noted(1))] as [[string, string[]]];
  expect(await heartsOfHolders()).toEqual([heart, heart]);
  expect(goneMs).toBe('1000');
  expect(await asked((redis) => redis.call('CLIENT', 'LIST', 'ID', id!))).toContain(` addr=${address} `);
});

test('one of another goneMs has another heart; with 0 there is none, unless Docker may tell of its container', async () => {
  const container = containerId();
  for (const goneMs of [1000, 5000, 0]) await marbleOf({ leaseMs: LEASE_MS, goneMs }).check('a');
  const hearts = await noted(container === undefined ? 2 : 3);
  const words = [...hearts.values()];
  expect(words.map(([, , goneMs]) => goneMs).sort()).toEqual([...(container ? ['0'] : []), '1000', '5000']);
  for (const noted of words) expect(noted.at(-1)).toBe(container ?? '-');
  expect((await heartsOfHolders()).filter((heart) => heart === undefined)).toHaveLength(container ? 0 : 1);
});

test('in a container every process has a heart', () => {
  expect(newHeart(0, 'c')).toMatchObject({ goneMs: 0, container: 'c' });
  expect(newHeart(1, undefined)).toMatchObject({ goneMs: 1, container: undefined });
  expect(newHeart(0, undefined)).toBeUndefined();
});

test('in the main loop each holder has a heart of its own', async () => {
  for (let i = 0; i < 2; i++) await marbleOf({ leaseMs: LEASE_MS, heartbeat: 'loop' }).check('a');
  const hearts = await noted(2);
  expect((await heartsOfHolders()).sort()).toEqual([...hearts.keys()].sort());
});

test.each(['thread', 'loop'] as const)(
  'a heart (%s) that is cut beats at once, by another connection',
  async (heartbeat) => {
    await marbleOf({ leaseMs: LEASE_MS, heartbeat }).check('a');
    const [[heart, [id]]] = [...(await noted(1))] as [[string, string[]]];
    await asked((redis) => redis.call('CLIENT', 'KILL', 'ID', id!));
    await until('it is noted anew', async () => {
      const [now] = (await notes()).get(heart)!;
      return now !== id;
    });
  },
);

test('whoever ends in order is not missed: nothing is noted of it any more when it has given back what it had', async () => {
  const [marble, other] = [marbleOf({ leaseMs: LEASE_MS }), marbleOf({ leaseMs: LEASE_MS })];
  await marble.send('a', 1);
  await marble.wait('a');
  await other.check('a');
  await noted(1);
  await other.close();
  expect((await notes()).size).toBe(1);
  await marble.close();
  expect((await notes()).size).toBe(0);
  expect((await peek.show())[0]).toMatchObject({ depth: 1, counts: { dropped: 0, released: 1 } });
});

test.each([-1, 0.5, 86_400_001, '1s'])('goneMs: %j is refused', (goneMs) => {
  expect(() => marbleOf({ goneMs: goneMs as number })).toThrow(
    /Marble\.goneMs: .* is not allowed; allowed: a whole number from 0 to 86400000/,
  );
});
