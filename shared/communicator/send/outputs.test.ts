import { expect, test } from '@jest/globals';
import { keysOf } from '../redis/keys.js';
import { LineTable, OutputGroups, type Output } from './outputs.js';

const main = keysOf('main');
const output = (kind: Output['kind'], queue: string, more: Partial<Output> = {}): Output => ({
  ...{ kind, queue, envelope: `${kind}/${queue}` },
  ...more,
});

function pushed(add: (groups: OutputGroups) => void) {
  const table = new LineTable(main);
  const groups = new OutputGroups();
  add(groups);
  const args: string[] = [];
  groups.pushTo(args, table);
  return { table, args: args as unknown[] };
}

test('a line is in the table once, a queue and its outbox are two, and numbers begin at 1, as in Lua', () => {
  const table = new LineTable(main);
  expect([table.line('a'), table.line('b'), table.line('a', true), table.line('a'), table.line('a', true)]).toEqual([
    ...[1, 2, 3, 1, 3],
  ]);
  expect(table.names).toEqual(['a', 'b', 'a']);
  const wakeUps = [main.wake('a'), main.wake('b'), main.outbox('a')]; // an outbox wakes nobody
  expect(table.keys).toEqual([main.queue('a'), main.queue('b'), main.outbox('a'), ...wakeUps]);
});

test('what goes to one line in one way is one group, in the order in which it was added', () => {
  const { table, args } = pushed((groups) => {
    groups.add([output('back', 'a', { envelope: '1' }), output('back', 'b'), output('front', 'a')]);
    groups.add([output('back', 'a', { envelope: '2' })]);
  });
  expect(table.names).toEqual(['a', 'b']);
  const groups = [
    ['back', 1, '', '', 2, '1', '2'],
    ['back', 2, '', '', 1, 'back/b'],
    ['front', 1, '', '', 1, 'front/a'],
  ];
  expect(args).toEqual([3, ...groups.flat()]);
});

test('what is elevated goes to the outbox, and delays and reasons are told apart', () => {
  const { table, args } = pushed((groups) => {
    groups.add([output('up', 'a'), output('upFront', 'a'), output('later', 'a', { delayMs: 5 })]);
    groups.add([output('later', 'a', { delayMs: 6 }), output('later', 'a', { delayMs: 5 })]);
    groups.add([output('dead', 'a', { reason: '{"why":"x"}' })]);
  });
  expect(table.keys).toEqual([main.outbox('a'), main.queue('a'), main.outbox('a'), main.wake('a')]);
  const groups = [
    ['up', 1, '', '', 1, 'up/a'],
    ['upFront', 1, '', '', 1, 'upFront/a'],
    ['later', 2, 5, '', 2, 'later/a', 'later/a'],
    ['later', 2, 6, '', 1, 'later/a'],
    ['dead', 2, '{"why":"x"}', '', 1, 'dead/a'],
  ];
  expect(args).toEqual([5, ...groups.flat()]);
});

test('owners that send equally many in a row are one run: the first, how many owners, how many envelopes each', () => {
  const owners = (...sent: [seq: number, n: number][]) =>
    pushed((groups) => {
      for (const [seq, n] of sent)
        groups.add(
          Array.from({ length: n }, () => output('back', 'q')),
          seq,
        );
    }).args[4];
  expect(owners([1, 2], [2, 2], [3, 2])).toBe('1 3 2');
  expect(owners([1, 1], [2, 1], [3, 2], [5, 2], [6, 2])).toBe('1 2 1 3 1 2 5 2 2');
  expect(owners([7, 1])).toBe('7 1 1');
});

test('nothing sent is no group', () => expect(pushed(() => undefined).args).toEqual([0]));
