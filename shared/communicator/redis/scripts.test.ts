import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { keysOf } from './keys.js';
import { namesIn, placed } from './script-names.js';
import { scriptText, type ScriptCall, type ScriptName } from './scripts.js';

const folder = new URL('../../../communicator/lua/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.lua'));
const text = (file: string) => readFileSync(new URL(file, folder), 'utf8');

test('there are scripts', () => expect(files.length).toBeGreaterThan(10));

test.each(files)('%s opens with its purpose, KEYS, ARGV and what it returns', (file) => {
  const header = text(file).split('\n').slice(0, 20).join('\n');
  expect(header).toMatch(/^-- purpose: [^]*\n-- KEYS: [^]*\n-- ARGV: [^]*\n-- returns: /);
});

test.each(
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.lua')),
)('%s spells no key name', (file) => expect(text(file)).not.toMatch(/mr:|\{[a-z]+\}:/));

test('included parts are put in place, and the flags come first', () => {
  const names: ScriptName[] = ['swap', 'swapRouting', 'pushAny', 'land'];
  for (const name of names) {
    const script = scriptText(name);
    expect(script).toMatch(name === 'swap' ? /^#!lua flags=allow-oom\n/ : /^#!lua flags=\n/);
    expect(script).not.toContain('-- include');
    expect(script).toContain('local function now()');
  }
});

const main = keysOf('main');
const RUN = ['counts', 'queues', 'outboxes', 'later', 'dead', 'letters', 'serial'] as const;
const BATCHES = ['batches', 'batchdead', 'children', 'cancelled', 'batchends'] as const;

test('names are put where the script has them, those of the run by themselves, lists behind them', () => {
  const names = namesIn(scriptText('giveback'));
  const { keyCount, keys, args } = placed('giveback', names, main, {
    keys: { held: 'mine' },
    moreKeys: ['list'],
    args: { maxAttempts: 3, noted: 0, op: 1, holder: 'h' },
    moreArgs: [1, 'jobs'],
  });
  const own = [...RUN.map((name) => main[name]), main.holders, 'mine', main.deadlines];
  expect(keys).toEqual([...own, 'list', ...BATCHES.map((name) => main[name])]);
  expect([keyCount, args]).toEqual([keys.length, ['h', 1, 0, 3, 1, 'jobs']]);
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

test('a name that a script does not have does not compile, nor does one too few', () => {
  const calls: ScriptCall<'seal'>[] = [
    { args: { id: 'x', expected: '' } },
    // @ts-expect-error -- misspelt
    { args: { id: 'x', expectd: '' } },
    // @ts-expect-error -- one too few
    { args: { id: 'x' } },
    // @ts-expect-error -- it has no such key
    { args: { id: 'x', expected: '' }, keys: { held: 'x' } },
  ];
  expect(calls).toHaveLength(4);
});
