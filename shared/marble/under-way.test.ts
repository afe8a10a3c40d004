import { expect, test } from '@jest/globals';
import { UnderWay } from './under-way.js';

test('what is taken out is out, and all else stays, in whatever order they come and go', () => {
  const underWay = new UnderWay<number>();
  const places = Array.from({ length: 100 }, (_, i) => underWay.add(i));
  const left = new Set(places.keys());
  expect([...underWay]).toEqual([...left]);
  for (let i = 0; i < 100; i += 1) {
    const next = (i * 37) % 100;
    underWay.remove(places[next]!);
    left.delete(next);
    expect([...underWay].sort((a, b) => a - b)).toEqual([...left]);
    expect(underWay.size).toBe(left.size);
  }
});

test('what leaves while it is looked through is still seen', () => {
  const underWay = new UnderWay<string>();
  const places = ['a', 'b', 'c'].map((item) => underWay.add(item));
  const seen: string[] = [];
  for (const item of underWay) {
    if (item === 'a') underWay.remove(places[1]!);
    seen.push(item);
  }
  expect(seen).toEqual(['a', 'b', 'c']);
  expect([...underWay]).toEqual(['a', 'c']);
});
