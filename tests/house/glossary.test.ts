/** The glossary describes the code as it is: the names that it gives exist, and what users call is in it. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Marble } from 'marblerun';
import { EVENTS } from 'marblerun/communicator';
import { root } from './project.js';

const text = await readFile(join(root, 'docs/GLOSSARY.md'), 'utf8');
const rows = [...text.matchAll(/^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$/gm)].filter(([, word]) => word !== 'word');
const namesOf = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

/** Collects every identifier of what is shipped, including strings and names of scripts; comments do not count. */
async function identifiers(): Promise<Set<string>> {
  const found = new Set<string>();
  for (const folder of ['shared', 'services']) {
    const files = (await readdir(join(root, folder), { recursive: true })).filter(
      (name) => /\.(ts|lua)$/.test(name) && !/\.test\.|(^|\/)(dist|node_modules)\//.test(name),
    );
    for (const file of files) {
      const code = (await readFile(join(root, folder, file), 'utf8')).replace(/\/\*[^]*?\*\/|\/\/.*$|^ *--.*$/gm, '');
      for (const [name] of code.matchAll(/[A-Za-z_]\w*/g)) found.add(name);
      if (file.endsWith('.lua')) found.add(file.replace(/^.*\/|\.lua$/g, ''));
    }
  }
  return found;
}

test('each word is once there, with its names in the code, its meaning, and what others call it', () => {
  expect(rows.length).toBeGreaterThan(50);
  const words = rows.flatMap(([, word]) => word!.split(', '));
  expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
  for (const [, word, names, ...rest] of rows)
    expect([word, namesOf(names!).length > 0, rest.every((cell) => cell.trim() !== '')]).toEqual([word, true, true]);
});

test('every name is one of the code', async () => {
  const known = await identifiers();
  expect(known.size).toBeGreaterThan(1000);
  const named = rows.flatMap(([, , names]) => namesOf(names!));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test('every verb of the client and every event that is counted has a word', () => {
  const verbs = Object.entries(Object.getOwnPropertyDescriptors(Marble.prototype)).filter(([, { value }]) => value);
  const methods = verbs.map(([name]) => name).filter((name) => name !== 'constructor');
  expect(methods).toContain('wait');
  const named = new Set(rows.flatMap(([, , names]) => namesOf(names!)));
  expect([...methods, ...EVENTS].filter((name) => !named.has(name))).toEqual([]);
});
