import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { EVENTS } from './run-status.js';

/** Every event that a script counts: each word on a line that counts, but for those that it is compared with. */
function countedInLua(): Set<string> {
  const folder = new URL('../../../communicator/lua/', import.meta.url);
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.lua'));
  const found = new Set<string>();
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), 'utf8').replace(/^ *--.*$/gm, '');
    for (const [line] of text.matchAll(/^.*(?:\bcount\(|HINCRBY', COUNTS).*$/gm))
      for (const [, event] of line.matchAll(/(?<!== )' ?([a-z]+)'/g)) found.add(event!);
  }
  return found;
}

test('each event is once there, and is counted by a script; each that a script counts is there', () => {
  const counted = countedInLua();
  expect(counted.size).toBeGreaterThan(10);
  expect(new Set(EVENTS).size).toBe(EVENTS.length);
  expect([...counted].sort()).toEqual([...EVENTS].sort());
});
