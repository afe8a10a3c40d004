import { expect, test } from '@jest/globals';
import { output } from '../testing.js';
import { Members } from './members.js';

function pushed(members: Members): unknown[] {
  const args: string[] = [];
  members.pushTo(args);
  return args;
}

test('what has no batch is not said', () => {
  const members = new Members();
  members.finish(undefined, 1);
  members.send([output('m1')], 1);
  expect(members.any).toBe(false);
});

test('each batch is named once, with how many are finished, sent, elevated, and whether from outside', () => {
  const members = new Members();
  members.finish('a', 1);
  members.finish('b', 2);
  members.finish('a', 3);
  const inside = { isInside: true };
  members.send([output('m4', 'q', { member: 'a', ...inside }), output('m5', 'q', { member: 'b', kind: 'up' })]);
  members.send([output('m6', 'q', { member: 'c', kind: 'upFront', ...inside })]);
  expect(pushed(members).slice(0, 17)).toEqual([
    ...[3, 1, 'a left', 'b left', 'c left'],
    ...[2, 1, 0], // finished
    ...[1, 1, 1], // sent
    ...[0, 1, 1], // of these elevated
    ...[0, 1, 0], // from outside
  ]);
});

test('where none is sent, only what is finished is said', () => {
  const members = new Members();
  members.finish('a', 1);
  members.finish('b', 2);
  expect(pushed(members)).toEqual([2, 0, 'a left', 'b left', 1, 1, '1 1 1 2 1 2', '']);
});

test('finished numbers that follow each other in one batch are one run: first, how many, which batch', () => {
  const members = new Members();
  for (const [batch, seq] of [
    ...[
      ['a', 4],
      ['a', 5],
      ['b', 6],
      ['b', 7],
      ['a', 8],
      ['a', 10],
    ],
  ] as [string, number][])
    members.finish(batch, seq);
  expect(pushed(members).at(-2)).toBe('4 2 1 6 2 2 8 1 1 10 1 1');
});

test('what is sent with a finish names its owner, so that a refused finish is not booked; what is sent alone has none', () => {
  const members = new Members();
  members.send([output('m1', 'q', { member: 'a' })]);
  members.send([output('m2', 'q', { member: 'a' }), output('m3', 'q', { member: 'b', kind: 'up' })], 17);
  expect(pushed(members).at(-1)).toBe('17 1 1 0 17 2 1 1');
});
