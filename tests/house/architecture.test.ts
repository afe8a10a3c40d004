/** ARCHITECTURE.md leads through the code as it is: what it names is there, and its picture of folders is whole. */
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root } from './project.js';

const text = await readFile(join(root, 'docs/ARCHITECTURE.md'), 'utf8');
const files = (await Promise.all(['shared', 'services'].map(filesOf))).flat();

/** Lists the files of what is shipped, from the root of the project. */
async function filesOf(folder: string): Promise<string[]> {
  const all = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const paths = all
    .filter((one) => one.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length));
  return paths.filter((path) => !/(^|\/)(dist|node_modules|docs)\//.test(path) && !path.includes('.test.'));
}

test('each file that it names is there', () => {
  const named = [...text.matchAll(/`([\w-]+\.(?:ts|lua))`/g)].map(([, name]) => name!);
  expect(new Set(named).size).toBeGreaterThan(20);
  const scripts = (name: string) => files.filter((path) => basename(path) === name && !path.includes('/lua/lib/'));
  const there = Object.fromEntries(named.map((name) => [name, scripts(name).length]));
  expect(Object.entries(there).filter(([, n]) => n === 0)).toEqual([]);
});

test('each function that it names behind a file is one of that file', async () => {
  const behind = [...text.matchAll(/`[\w-]+\.ts`\]\(\.\.\/([^)]+)\)\s+\(((?:`\w+`(?:, )?)+)/g)];
  const named = behind.flatMap(([, path, list]) => [...list!.matchAll(/\w+/g)].map(([name]) => [path!, name] as const));
  expect(named.length).toBeGreaterThan(12);
  const missing: string[] = [];
  for (const [path, name] of named) {
    const code = await readFile(join(root, path), 'utf8');
    if (!new RegExp(`^ *(export )?(async )?(function )?(async )?\\*?${name}(<.*)?\\(.*`, 'm').test(code))
      missing.push(`${path}: ${name}`);
  }
  expect(missing).toEqual([]);
});

/** The picture: each line is a folder, or one in it, and what it holds. */
const picture = /^```\n(services\/monitor\/ [^]*?)^```/m.exec(text)![1]!.trimEnd().split('\n');
const folders: { readonly path: string; readonly names: readonly string[] }[] = [];
let outer = '';
for (const line of picture) {
  const [, indent = '', name = '', about = ''] = /^( *)(\S+)\s+(.*)$/.exec(line) ?? [];
  if (indent === '') outer = name;
  const path = indent === '' ? name : outer + name;
  const names = about.includes(' · ') ? about.replace(/^[^:·]*: /, '').replace(/ \([^)]*\)/g, '') : '';
  folders.push({
    path,
    names: names
      .split(' · ')
      .map((one) => one.trim().replace(/ …$|\/$/g, ''))
      .filter(Boolean),
  });
}

test.each(folders)('the picture of $path is so', ({ path, names }) => {
  const inside = files.filter((file) => file.startsWith(path));
  expect(inside).not.toEqual([]);
  const has = (name: string) =>
    inside.some((file) => /^[./]/.test(file.slice((path + name).length)) && file.startsWith(path + name));
  expect(names.filter((name) => !has(name))).toEqual([]);
});

test('each folder of the communicator is in the picture', () => {
  const own = files.flatMap((path) => /^shared\/communicator\/([\w-]+\/)/.exec(path)?.[1] ?? []);
  expect(new Set(own).size).toBeGreaterThan(6);
  const drawn = folders.map(({ path }) => path);
  expect([...new Set(own)].filter((name) => !drawn.includes(`shared/communicator/${name}`))).toEqual([]);
});
