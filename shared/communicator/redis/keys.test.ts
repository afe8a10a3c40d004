import { expect, test } from '@jest/globals';
import { checkName, keysOf, typeOfKey } from './keys.js';

test('all keys of a run share one hash tag, so that they are in one slot of a cluster', () => {
  const keys = keysOf('main');
  const names = Object.values(keys).flatMap((key) => (typeof key === 'function' ? key('x', 'y') : key));
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) expect(name).toMatch(/^mr:\{main\}:/);
  expect(new Set(names).size).toBe(names.length - keys.traces.length + new Set(keys.traces).size);
});

test('of every key it is known of which type it has to be', () => {
  const { traces, searched, prefix, ...keys } = keysOf('main');
  expect([...traces, searched, prefix].length).toBeGreaterThan(1);
  const names = Object.values(keys).map((key) => (typeof key === 'function' ? key('x', 'y') : key));
  for (const name of names) expect(typeOfKey(name)).toMatch(/^(string|list|hash|zset)$/);
  expect(typeOfKey('mr:{main}:unknown')).toBeUndefined();
  expect(typeOfKey('q:x')).toBeUndefined();
});

test.each([
  ['run', 'main'],
  ['run', 'a.B_c-9'],
  ['queue', 'a:b/c.d'],
  ['id', 'x'.repeat(128)],
] as const)('%s %s is a name', (kind, name) => expect(checkName(kind, name)).toBe(name));

test.each([
  ['run', '', /run: "" is not a run name; allowed: 1 to 64/],
  ['run', 'a b', /run: "a b" is not a run name/],
  ['run', 'a:b', /run: "a:b"/],
  ['run', 'x'.repeat(65), /allowed: 1 to 64/],
  ['queue', '{x}', /queue: "\{x\}" is not a queue name; allowed: 1 to 128/],
  ['queue', 'x'.repeat(129), /allowed: 1 to 128/],
  ['queue', 'new\nline', /queue: "new\\nline"/],
  ['queue', 7, /queue: a number is not a queue name/],
  ['queue', undefined, /queue: undefined is not a queue name/],
] as const)('%s %p is refused with MR_BAD_NAME', (kind, name, message) => {
  expect(() => checkName(kind, name)).toThrow(expect.objectContaining({ code: 'MR_BAD_NAME' }));
  expect(() => checkName(kind, name)).toThrow(message);
});
