/** The Lua files keep the limits of the others, and a place among keys or arguments is named once. */
import { expect, test } from '@jest/globals';
import { functionsIn, luaFiles, scriptOf } from './lua.js';

const MOST = { lines: 150, ofFunction: 40 };
const RUN_KEYS = 7;
/** Words that do not tell what a comment is about. As scripts/doc-comments.mjs has it for doc comments. */
const FIRST = /^ *-- (?:(?:purpose|returns): )?(?:of|by|as|what|those|which|whose)\b/i;

const files = luaFiles();
const scripts = [...files.keys()].filter((name) => !name.startsWith('lib/'));

test('functions are measured with all that is in them', () => {
  const text = `local function outer(a) -- if this were code
  for _, one in ipairs(a) do
    if one == 'end' then
      while true do break end
    elseif one then
      repeat one = nil until not one
    end
  end
  return function() return "it's the end" end
end
function part.two()
end
`;
  expect(functionsIn(text)).toEqual([
    { name: '', lines: 1 },
    { name: 'outer', lines: 10 },
    { name: 'part.two', lines: 2 },
  ]);
});

test.each([...files])(`%s has ${MOST.lines} lines at the most`, (_, text) => {
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MOST.lines);
});

test.each([...files])(`%s has functions of ${MOST.ofFunction} lines at the most`, (_, text) => {
  expect(functionsIn(text).filter(({ lines }) => lines > MOST.ofFunction)).toEqual([]);
});

test('there are scripts, and functions in them', () => {
  expect(scripts.length).toBeGreaterThan(30);
  expect([...files.values()].flatMap(functionsIn).length).toBeGreaterThan(80);
});

test.each([...files])('%s has comments that begin with a noun or a verb', (_, text) => {
  const lines = text.split('\n');
  const begins = (line: string, i: number) => / (?:purpose|returns): /.test(line) || !/^ *-- /.test(lines[i - 1] ?? '');
  expect(lines.filter((line, i) => begins(line, i) && FIRST.test(line))).toEqual([]);
});

/** The keys that included parts bind, before those of the script: of the run, and of what is watched. */
const keysOfParts = (parts: readonly string[]) =>
  parts.includes('run') ? RUN_KEYS + (parts.includes('pushing') ? 1 : 0) : 0;

test.each(scripts)('%s binds all keys and arguments that have a name at its top, in their order', (name) => {
  const { parts, keys, args } = scriptOf(files.get(name)!);
  const firstKey = keysOfParts(parts) + 1;
  for (const [bound, first] of [
    [keys, firstKey],
    [args, 1],
  ] as const)
    if (bound) expect(bound).toEqual({ names: bound.names, first, last: first + bound.names.length - 1 });
});

test.each(scripts)('%s names no place after that, but the one where its lists begin', (name) => {
  const { parts, keys, args, body } = scriptOf(files.get(name)!);
  const named = { keys: keys?.last ?? keysOfParts(parts), args: args?.last ?? 0 };
  const places = [...body.matchAll(/(?:KEYS|ARGV)\[\d+\]|unpack\((?:KEYS|ARGV), \d+[^)]*\)/g)].map(([place]) => place);
  expect(places.filter((place) => place !== `unpack(ARGV, ${named.args + 1})`)).toEqual([]);
  const begins = /^keysRead, argsRead = (\d+), (\d+)$/m.exec(body)?.slice(1).map(Number);
  expect(begins).toEqual(parts.includes('args') ? [named.keys, named.args] : undefined);
});

test.each(scripts)('%s tells in its header of each key and argument that has a name, in their order', (name) => {
  const { header, keys, args } = scriptOf(files.get(name)!);
  const told = header.replace(/\n-- +/g, ' ');
  for (const [bound, start] of [
    [keys, 'KEYS: '],
    [args, 'ARGV: '],
  ] as const) {
    const words = (bound?.names ?? []).map((word) => `(?<=[:;] )${word}\\b`);
    expect(told).toMatch(new RegExp(`${start}${words.map((word) => `[^]*?${word}`).join('')}`));
  }
});
