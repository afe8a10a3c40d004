import { expect, test } from '@jest/globals';
import { CONTESTANTS } from './contestants/index.js';
import { plan } from './plan.js';
import { TARGETS, targetsTable } from './report/targets.js';
import { measuredAll } from './report/testing.js';
import { Results } from './results.js';
import { inGroups } from './workloads/workload.js';

const whole = plan(false, new Results());

test('no two rows have one name, in a quick bench and in a whole one', () => {
  for (const rows of [whole, plan(true, new Results())]) {
    const names = rows.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(40);
    expect(names.toSorted()).toEqual([...new Set(names)].sort());
  }
});

test('each row has contestants, and each contestant has a row', () => {
  const known = CONTESTANTS.map(({ name }) => name);
  for (const { name, contestants } of whole) {
    expect([name, contestants.length]).not.toEqual([name, 0]);
    expect([name, contestants.filter((one) => !known.includes(one))]).toEqual([name, []]);
  }
  expect(known.filter((name) => !whole.some(({ contestants }) => contestants.includes(name)))).toEqual([]);
});

test('a row of the whole bench measures what each target speaks of', () => {
  const results = measuredAll(whole);
  expect(TARGETS.filter(({ measured }) => Number.isNaN(measured(results))).map(({ what }) => what)).toEqual([]);
  expect(targetsTable(results)).not.toContain('not measured');
  expect(targetsTable(new Results())).not.toMatch(/yes|no\*\*/);
});

test('rows that are compared are measured in turns, and all others each by itself', () => {
  const groups = inGroups(whole);
  expect(groups.flat()).toEqual(whole);
  const several = groups.filter((rows) => rows.length > 1).map((rows) => rows.map(({ name }) => name));
  expect(several).toEqual([whole.map(({ name }) => name).filter((name) => name.startsWith('scale out'))]);
});

test('a target is met from the figure on that it wants', () => {
  const [first] = TARGETS;
  expect(first).toMatchObject({ bound: 'least', wanted: 1.6 });
  const line = (ours: number) => {
    const results = measuredAll(whole, (row, contestant, figure) =>
      row === 'loop, one at a time, warm, two cores' && contestant === 'MarbleRun, loop' && figure === 'perSecond'
        ? ours
        : 1,
    );
    return targetsTable(results).split('\n')[2];
  };
  expect(line(1.6)).toMatch(/\| ≥ 1.6 \| 1.6 \| yes \|$/);
  expect(line(1.59)).toMatch(/\| ≥ 1.6 \| 1.59 \| \*\*no\*\* \|$/);
});
