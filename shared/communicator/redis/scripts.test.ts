import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { connection, keys } from '../testing.js';
import {
  callScript,
  callScriptBuffer,
  expanded,
  scriptCommands,
  scriptNames,
  scriptText,
  type ScriptName,
} from './scripts.js';

const folder = new URL('../../../communicator/lua/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.lua'));
const text = (file: string) => readFileSync(new URL(file, folder), 'utf8');

test('there are scripts, and each file is one', () => {
  expect(files.length).toBeGreaterThan(10);
  const names: string[] = scriptNames();
  expect(files.map((file) => file.slice(0, -4)).filter((name) => !names.includes(name))).toEqual([]);
});

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

test('parts that a script builds on beside its file come behind those that the file names', () => {
  const texts: Record<string, string> = {
    main: '-- include a b\nreturn 1',
    'lib/a': 'A\n',
    'lib/b': 'B\n',
    'lib/c': 'C\n',
  };
  expect(expanded('main', 'x', (name) => texts[name]!, ['c'])).toBe('#!lua flags=x\nA\nB\nC\n\nreturn 1');
});

test('its commands are read from its text and from that of its parts', () => {
  expect([...scriptCommands('beat')].sort()).toEqual(['hset', 'time', 'zadd', 'zscore']);
  expect(scriptCommands('push')).toContain('get'); // of a part
});

test('a script answers with texts, or with bytes, from lists of any length', async () => {
  const ids = Array.from({ length: 150_000 }, (_, i) => `b${i}`);
  const search = { keys: { place: keys.later }, args: { from: '0', most: 1, mostBytes: 1 }, moreArgs: ids };
  const [next, counts] = await connection.run((redis) => callScript(redis, keys, 'present', search));
  expect([next, counts.length, new Set(counts)]).toEqual(['-1', 150_000, new Set([0])]);
  const batches = { args: { name: 'b', token: 't', chance: 'xx', parent: '', about: '{}', rest: '' } };
  const [status, id] = await connection.run((redis) => callScriptBuffer(redis, keys, 'open', batches));
  expect([status, id]).toEqual([Buffer.from('opened'), Buffer.from('1xx')]);
  const again = await connection.run((redis) => callScript(redis, keys, 'open', batches));
  expect(again).toEqual(['opened', '1xx', '{}']);
});
