import { expect, test } from '@jest/globals';
import { bus, connection, keys, output, redis } from '../testing.js';
import { openBatches, type OpenBatch } from './open-batches.js';

async function open(name: string, parent?: string): Promise<string> {
  const about = { name, onDead: 'wait', keepMs: 60_000, elevated: 'wait' } as const;
  return (await bus.batches.open({ about, parent, then: undefined })).id;
}

async function read(): Promise<OpenBatch[][]> {
  const steps: OpenBatch[][] = [];
  for await (const some of openBatches(connection, keys)) steps.push(some);
  return steps;
}
const only = async () => (await read())[0]![0]!;

test('all open batches come in steps, and none that is complete', async () => {
  const ids = await Promise.all(Array.from({ length: 450 }, (_, i) => open(`b${i}`)));
  for (const id of ids.slice(0, 20)) await bus.batches.seal(id); // empty ones are complete by that
  const steps = await read();
  expect(steps.map(({ length }) => length)).toEqual([200, 200, 30]);
  expect(
    steps
      .flat()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(ids.slice(20).sort());
});

test('one that is forgotten between two looks is left out', async () => {
  const id = await open('b');
  await redis.zadd(keys.batchends, 'inf', 'forgotten');
  expect((await read()).flat().map((one) => one.id)).toEqual([id]);
});

test('where there are none, nothing comes', async () => {
  expect(await read()).toEqual([]);
  await bus.batches.seal(await open('b'));
  expect((await read()).flat()).toEqual([]);
});

test('members count as left, sealed or not; what is dead does not, and a cancel and the batch above are told', async () => {
  const above = await open('above');
  const id = await open('b', above);
  const of = async (wanted: string) => (await read()).flat().find((one) => one.id === wanted);
  expect(await of(id)).toMatchObject({ left: 0, dead: 0, isCancelled: false, parent: above });
  expect(await of(above)).toMatchObject({ left: 1, parent: undefined }); // the batch in it
  await bus.push(['m1', 'm2', 'm3'].map((marble) => output(marble, 'q', { member: id })));
  expect(await of(id)).toMatchObject({ left: 3 });
  await bus.push([output('m4', 'q', { kind: 'dead', reason: '{"why":"tested"}', member: id })]);
  await bus.batches.seal(id);
  expect(await of(id)).toMatchObject({ left: 3, dead: 1 });
  await bus.batches.cancel(id, 'not wanted');
  expect(await of(id)).toMatchObject({ left: 3, isCancelled: true });
});

test('its age is that of its opening, and its mark changes with whatever happens to its members', async () => {
  const before = await bus.status.now();
  const id = await open('b');
  const marks = new Set<string>();
  const note = async () => marks.add((await only()).mark);
  await note();
  await bus.push([output('m1', 'q', { member: id }), output('m2', 'q', { member: id })]);
  await note();
  await bus.pop(['q']);
  await note();
  await note(); // nothing has happened
  expect(marks.size).toBe(3);
  const { ageMs } = await only();
  expect(ageMs).toBeGreaterThanOrEqual(0);
  expect(ageMs).toBeLessThanOrEqual((await bus.status.now()) - before);
});
