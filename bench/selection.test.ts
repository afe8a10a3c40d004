import { expect, test } from '@jest/globals';
import { plan } from './plan.js';
import { Results } from './results.js';
import { Selection } from './selection.js';

const rows = plan(false, new Results());
const chosen = (only: string) =>
  Selection.of({ BENCH_ONLY: only })
    .rows(rows)
    .map(({ name }) => name);

test('a part of a name means all rows that have it, a whole name that row only', () => {
  expect(chosen('latency half')).toEqual(['latency, half of its own load', "latency, half of BullMQ's load"]);
  expect(chosen('sent and handled')).toHaveLength(5);
  expect(chosen('sent and handled at once')).toEqual(['sent and handled at once']);
});

test('a part that no row has is answered with the names there are', () => {
  expect(() => chosen('loop,nothing like it')).toThrow(
    /nothing is like "nothing like it"; there are:\n {2}send one by one/,
  );
});

test('a part is not gone on with', () => {
  expect(() => Selection.of({ BENCH_RESUME: '1', BENCH_ONLY: 'loop' })).toThrow('a part is not kept');
  expect([Selection.of({ BENCH_RESUME: '1' }).resumes, Selection.of({}).resumes]).toEqual([true, false]);
});
