import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { plan } from '../plan.js';
import { Results } from '../results.js';
import { placed } from './places.js';
import { scalingTables } from './scaling.js';
import { measuredAll } from './testing.js';

const rows = plan(false, new Results());
const tables = (results: Results) => scalingTables(results, { date: new Date('2026-11-29T12:00:00Z'), cores: 2 });

test('the whole bench measures all that docs/SCALING.md tells', () => {
  const all = tables(measuredAll(rows));
  expect(all['measured']).toContain('2026-11-29');
  expect(Object.entries(all).filter(([, content]) => content.includes('NaN'))).toEqual([]);
});

test('what is computed follows from what was measured', () => {
  const results = measuredAll(rows, (row, _, figure) => {
    if (row === 'send 1,000 at a time') return { serverCpuUs: 0.5, nodeCpuUs: 1, bytes: 130 }[figure as string] ?? 1;
    if (row === 'consume, concurrency 50') return { serverCpuUs: 1.5, nodeCpuUs: 5, bytes: 120 }[figure as string] ?? 1;
    return 1;
  });
  const { cores, masters, processes } = tables(results);
  expect(processes).toContain('| 8 | 1 | 1,000,000 | 1 | 1 | 1 | 1,000,000 |');
  expect(cores).toContain('| 1 | 0 | 125,000 | 125,000 | 1 |');
  expect(cores).toContain('| 64 | 0 | 500,000 | 8,000,000 | 16 |');
  expect(masters).toContain('| 3 | 1,500,000 | 9 | 159 | 3 |');
});

test('the tables go to their places in docs/SCALING.md, again and again', async () => {
  const before = await readFile(new URL('../../../docs/SCALING.md', import.meta.url), 'utf8');
  const once = placed(before, tables(measuredAll(rows)));
  expect(once).not.toBe(before);
  expect(placed(once, tables(measuredAll(rows)))).toBe(once);
});

test('a place without a table, and a table without a place, are told', () => {
  const text = '<!-- a: written by `make bench` -->\n\n<!-- /a -->';
  expect(placed(text, { a: 'new $1' })).toBe('<!-- a: written by `make bench` -->\n\nnew $1\n\n<!-- /a -->');
  expect(() => placed(text, { a: '', b: '' })).toThrow('places for a; there are a, b');
  expect(() => placed(text, {})).toThrow('places for a; there are ');
});
