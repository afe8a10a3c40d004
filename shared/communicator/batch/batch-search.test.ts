import { expect, test } from '@jest/globals';
import { bus, holder, output, take } from '../testing.js';

const never = new AbortController().signal;
const members = (n: number, id: string, more: Parameters<typeof output>[2] = {}) =>
  Array.from({ length: n }, (_, i) => output(`${id}.${i}`, 'q', { ...more, member: id }));

async function open(name: string): Promise<string> {
  const about = { name, onDead: 'wait', keepMs: 60_000, elevated: 'wait' } as const;
  return (await bus.batches.open({ about, parent: undefined, then: undefined })).id;
}

test('members are found wherever a living marble can be, and counted for each batch that is asked for', async () => {
  const [one, other, unasked] = [await open('one'), await open('other'), await open('unasked')];
  await bus.push(members(2, one));
  await take(await holder(), 2); // in hand
  const waits = await holder();
  await waits.swap({ waitOn: 'empty' });
  const came = waits.block('empty', 5000);
  await bus.push([output('lands', 'empty', { member: one })]);
  expect((await came)?.envelope.member).toBe(one); // in an inbox
  await bus.push([...members(3, one), output('none')]);
  await bus.push([...members(4, one, { kind: 'up' })]);
  await bus.push([...members(5, one, { kind: 'later', delayMs: 3_600_000 })]);
  await bus.push(members(7, other));
  await bus.push(members(1, unasked));
  expect(await bus.batchSearch.count([one, other, 'absent'], 1000, never)).toEqual(
    new Map([
      [one, 2 + 1 + 3 + 4 + 5],
      [other, 7],
      ['absent', 0],
    ]),
  );
});

test('a queue of more than one step is read to its end, and not at all beyond the steps that are allowed', async () => {
  const id = await open('many');
  await bus.push(members(2500, id));
  expect(await bus.batchSearch.count([id], 4, never)).toEqual(new Map([[id, 2500]]));
  expect(await bus.batchSearch.count([id], 2, never)).toBeUndefined();
});

test('the search ends where its signal is aborted', async () => {
  const id = await open('b');
  await bus.push(members(1, id));
  expect(await bus.batchSearch.count([id], 1000, AbortSignal.abort())).toBeUndefined();
});
