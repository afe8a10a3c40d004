import { expect, test } from '@jest/globals';
import { report } from './report.js';

const of = (path: string, sum?: string) => ({ path, sum, bytes: 1, run: 'main' });

test('sorted by bytes, names relative to the folder, escaped as sha256sum does, without what has no sum', () => {
  const outcomes = [of('/t/b', '02'), of('/t/a\nb\\c', '01'), of('/t/gone'), of('/t/B', '03'), of('/t/\xff', '04')];
  expect(report('/t', outcomes).toString('latin1')).toBe('03  ./B\n\\01  ./a\\nb\\\\c\n02  ./b\n04  ./\xff\n');
  expect(report('/t', []).toString()).toBe('');
});
