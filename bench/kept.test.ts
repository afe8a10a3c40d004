import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Kept } from './kept.js';
import { Results } from './results.js';

const file = () => join(mkdtempSync(join(tmpdir(), 'bench-')), 'measured.json');
const ASKED = { quick: false, rounds: 5 };

test('a run that ended early is gone on with, and has all that was measured', () => {
  const [place, first, second] = [file(), new Results(), new Results()];
  first.add('consume', 'MarbleRun', { perSecond: 10, p50Us: NaN });
  first.add('consume', 'MarbleRun', { perSecond: 30, p50Us: NaN });
  first.add('consume', 'floor', { perSecond: 50 });
  new Kept(ASKED, first, place).keep(12.5);
  const kept = new Kept(ASKED, second, place);
  kept.resume();
  expect(kept).toMatchObject({ minutes: 12.5, resumed: 1 });
  expect([second.workloads, second.contestants('consume')]).toEqual([['consume'], ['MarbleRun', 'floor']]);
  expect([
    second.median('consume', 'MarbleRun', 'perSecond'),
    second.spread('consume', 'MarbleRun', 'perSecond'),
  ]).toEqual([20, 0.5]);
  expect(second.median('consume', 'MarbleRun', 'p50Us')).toBeNaN();
  kept.keep(20);
  const third = new Kept(ASKED, new Results(), place);
  third.resume();
  expect(third).toMatchObject({ minutes: 20, resumed: 2 });
});

test('a run that asks for something else, or after which nothing is left, is refused', () => {
  const [place, results] = [file(), new Results()];
  const kept = new Kept(ASKED, results, place);
  expect(() => kept.resume()).toThrow('there is no run that ended early');
  kept.keep(1);
  expect(() => new Kept({ quick: true, rounds: 1 }, results, place).resume()).toThrow(
    'that run had 5 rounds; this one has 1 rounds and BENCH_QUICK',
  );
  kept.forget();
  expect(() => kept.resume()).toThrow('there is no run that ended early');
});
