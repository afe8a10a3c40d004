/** Each file of the communicator has a test of its name beside it, so that the test of a file is found without a search. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import ts from 'typescript';
import { root } from './project.js';

const FOLDER = join(root, 'shared/communicator');
/** Files that need none, each with its reason. */
const WITHOUT: Record<string, string> = {
  'redis/lua-texts.ts': 'an empty table until npm pack fills it; tests/packages bundles what it then holds',
};

const names = (await readdir(FOLDER, { recursive: true })).filter((name) => name.endsWith('.ts'));
const tests = new Set(names.filter((name) => name.endsWith('.test.ts')));
const sources = names.filter((name) => !tests.has(name) && !/(^|[/-])testing\.ts$/.test(name));

/** True for a file of which something is left at run time, beside what it only imports or hands on. */
function hasCode(text: string): boolean {
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.ESNext } });
  const { statements } = ts.createSourceFile('it.js', outputText, ts.ScriptTarget.Latest);
  return statements.some((one) => !ts.isImportDeclaration(one) && !ts.isExportDeclaration(one));
}

test.each([
  ['export interface A {}\nexport type B = A;', false],
  ["import { a } from './a.js';\nexport { a };\nexport type { B } from './b.js';", false],
  ['export const a = 1;', true],
  ['export enum A { one }', true],
  ["export * from './a.js';\nexport function b() {}", true],
])('%j has code: %p', (text, has) => expect(hasCode(text)).toBe(has));

test('there are many, and those that need no test are there', () => {
  expect(sources.length).toBeGreaterThan(60);
  expect(Object.keys(WITHOUT).filter((name) => !sources.includes(name))).toEqual([]);
});

test('each file with code has a test of its name beside it', async () => {
  const missing: string[] = [];
  for (const name of sources) {
    if (tests.has(name.replace(/\.ts$/, '.test.ts')) || name in WITHOUT) continue;
    if (hasCode(await readFile(join(FOLDER, name), 'utf8'))) missing.push(name);
  }
  expect(missing).toEqual([]);
});
