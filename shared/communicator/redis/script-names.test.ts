import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { keysOf } from './keys.js';
import { namesIn, placed } from './script-names.js';
import { scriptText, type ScriptName } from './scripts.js';

const main = keysOf('main');
const RUN = ['counts', 'queues', 'outboxes', 'later', 'dead', 'letters', 'serial'] as const;
const BATCHES = ['batches', 'batchdead', 'children', 'cancelled', 'batchends'] as const;

test('names are put where the script has them, those of the run by themselves, lists behind them', () => {
  const names = namesIn(scriptText('giveback'));
  const { keys, args } = placed('giveback', names, main, {
    keys: { held: 'mine' },
    moreKeys: ['list'],
    args: { maxAttempts: 3, noted: 0, op: 1, holder: 'h' },
    moreArgs: [1, 'jobs'],
  });
  const own = [...RUN.map((name) => main[name]), main.watched, main.holders, 'mine', main.deadlines, main.absent];
  expect(keys).toEqual([...own, 'list', ...BATCHES.map((name) => main[name])]);
  expect(args).toEqual(['h', 1, 0, 3, 1, 'jobs']);
});

test('PROTOCOL.md has the keys of the run and of batches in their order', () => {
  const { keys, lastKeys } = namesIn(scriptText('seal'));
  expect([keys, lastKeys]).toEqual([RUN, BATCHES]);
  const page = readFileSync(new URL('../../../../docs/PROTOCOL.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
  for (const some of [RUN, BATCHES]) expect(page).toContain(some.map((name) => `\`${name}\``).join(', '));
});

test('a name that is missing is told with its script', () => {
  const call = (script: ScriptName, given: object) => () => placed(script, namesIn(scriptText(script)), main, given);
  expect(call('seal', { args: { id: 'x' } })).toThrow('script "seal": its argument "expected" is missing');
  expect(call('begin', { args: { holder: 'h' } })).toThrow('script "begin": its key "held" is missing');
});

test.each([
  ['local A, B = unpack(KEYS, 1, 2)', { keys: ['a', 'b'], lastKeys: [], args: [] }],
  [
    'local one = ARGV[1]\nlocal two, three = unpack(ARGV, 2, 3)',
    { keys: [], lastKeys: [], args: ['one', 'two', 'three'] },
  ],
  ['local maxAttempts,\n  most = unpack(ARGV, 1, 2)', { keys: [], lastKeys: [], args: ['maxAttempts', 'most'] }],
  ['local LAST, ONE = unpack(KEYS, #KEYS - 1, #KEYS)', { keys: [], lastKeys: ['last', 'one'], args: [] }],
  ['  local inside = ARGV[1]', { keys: [], lastKeys: [], args: [] }],
])('%j binds its names', (text, names) => expect(namesIn(text)).toEqual(names));

test('a key that every run has is given by nobody, and one that is given counts before it', () => {
  const names = { keys: ['later', 'queue'], lastKeys: [], args: [] };
  const call = (keys: object) => placed('a script', names, main, { keys: { ...keys } }).keys;
  expect(call({ queue: 'mine' })).toEqual([main.later, 'mine']);
  expect(call({ queue: 'mine', later: 'other' })).toEqual(['other', 'mine']);
  expect(() => call({})).toThrow('its key "queue" is missing'); // a run has many queues, so none by that name
});
