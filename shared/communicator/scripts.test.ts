import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { scriptText, type ScriptName } from './scripts.js';

const folder = new URL('../../communicator/lua/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.lua'));
const text = (file: string) => readFileSync(new URL(file, folder), 'utf8');

test('there are scripts', () => expect(files.length).toBeGreaterThan(10));

test.each(files)('%s opens with its purpose, KEYS, ARGV and what it returns', (file) => {
  const header = text(file).split('\n').slice(0, 20).join('\n');
  expect(header).toMatch(/^-- purpose: [^]*\n-- KEYS: [^]*\n-- ARGV: [^]*\n-- returns: /);
});

test.each(files)('%s uses no key and no argument that its header does not count', (file) => {
  const header = text(file).match(/^(?:--.*\n)+/)?.[0] ?? '';
  const body = text(file).slice(header.length);
  for (const [table, part] of [
    ['KEYS', header.match(/-- KEYS: ([^]*?)\n-- ARGV/)?.[1] ?? ''],
    ['ARGV', header.match(/-- ARGV: ([^]*?)\n-- returns/)?.[1] ?? ''],
  ] as const) {
    const used = [...body.matchAll(new RegExp(`${table}\\[(\\d+)\\]`, 'g'))].map((found) => Number(found[1]));
    const counted = [...part.matchAll(/\d+/g)].map(Number);
    expect(Math.max(0, ...used)).toBeLessThanOrEqual(Math.max(0, ...counted));
  }
});

test.each(
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.lua')),
)('%s spells no key name', (file) => expect(text(file)).not.toMatch(/mr:|\{[a-z]+\}:/));

test('included parts are put in place, and the flags come first', () => {
  const names: ScriptName[] = ['swap', 'swapRouting', 'dispatch', 'land'];
  for (const name of names) {
    const script = scriptText(name);
    expect(script).toMatch(name === 'swap' ? /^#!lua flags=allow-oom\n/ : /^#!lua flags=\n/);
    expect(script).not.toContain('-- include');
    expect(script).toContain('local function now()');
  }
});
