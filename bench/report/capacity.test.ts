import { expect, test } from '@jest/globals';
import { clientCores, cluster, manyRuns, oneRun, overLink, serversFor } from './capacity.js';

const costs = { redisUs: 2, nodeUs: 6 };

test('one run is bound by all cores while they are few, and by the one of its Redis from then on', () => {
  expect(oneRun(costs, 1, 0)).toBe(125_000);
  expect(oneRun(costs, 2, 0)).toBe(250_000);
  expect(oneRun(costs, 4, 0)).toBe(500_000);
  expect(oneRun(costs, 64, 0)).toBe(500_000);
  expect(oneRun(costs, 8, 992)).toBe(8000);
});

test('many runs grow with the cores, and say how many servers of Redis that takes', () => {
  expect(manyRuns(costs, 64, 0)).toBe(8_000_000);
  expect(serversFor(8_000_000, costs)).toBe(16);
  expect(serversFor(500_000, costs)).toBe(1);
  expect(serversFor(500_001, costs)).toBe(2);
});

test('a Cluster grows with its masters, and the cores of its clients with it', () => {
  expect(cluster(costs, 3)).toBe(1_500_000);
  expect(clientCores(1_500_000, costs, 0)).toBe(9);
  expect(clientCores(1_500_000, costs, 100)).toBe(159);
});

test('over a link a client is bound by round trips, and without one by itself', () => {
  expect(overLink(1, 0, 5000)).toBe(5000);
  expect(overLink(1, 100, Infinity)).toBe(10);
  expect(overLink(500, 50, 100_000)).toBeCloseTo(500 / 0.055);
});
