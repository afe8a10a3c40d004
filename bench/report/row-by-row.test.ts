import { expect, test } from '@jest/globals';
import { Results } from '../results.js';
import { rowByRow } from './row-by-row.js';

const figures = (perSecond: number, serverCpuUs: number, nodeCpuUs: number) => ({ perSecond, serverCpuUs, nodeCpuUs });

test('each row with a rate is beside the fastest of the others, on Redis and of all, and the fastest floor', () => {
  const results = new Results();
  const row = 'consume';
  results.add(row, 'MarbleRun', figures(3000, 2, 4));
  results.add(row, 'MarbleRun, busyPoll', figures(9000, 1, 1));
  results.add(row, 'BullMQ, loop', figures(1000, 8, 8));
  results.add(row, 'bee-queue', figures(1500, 8, 8));
  results.add(row, 'beanstalkd', figures(2000, 8, 8));
  results.add(row, 'floor', figures(4000, 1, 2));
  results.add(row, 'floor, batches of 500', figures(6000, 0.5, 1));
  const [, , ...lines] = rowByRow(results).split('\n');
  expect(lines).toEqual([
    '| consume | MarbleRun | 3,000 | 2 (bee-queue) | 1.5 (beanstalkd) | batches of 500 | 0.5 | 4 | 4 |',
  ]);
});

test('a row has what was measured; one of MarbleRun alone, or without a rate, is left out', () => {
  const results = new Results();
  results.add('alone', 'MarbleRun', figures(3000, 2, 4));
  results.add('latency', 'MarbleRun', { p50Us: 3 });
  results.add('latency', 'BullMQ', { p50Us: 6 });
  results.add('on other stores', 'MarbleRun, loop', figures(3000, 2, 4));
  results.add('on other stores', 'NATS JetStream', { perSecond: 6000 });
  results.add('with a floor', 'MarbleRun', figures(3000, 2, 4));
  results.add('with a floor', 'floor', { perSecond: 3000 });
  const [, , ...lines] = rowByRow(results).split('\n');
  expect(lines).toEqual([
    '| on other stores | MarbleRun, loop | 3,000 |  | 0.5 (NATS JetStream) |  |  |  |  |',
    '| with a floor | MarbleRun | 3,000 |  |  | floor | 1 |  |  |',
  ]);
});

test('a form that has a floor of its own is beside that', () => {
  const results = new Results();
  results.add('route', 'MarbleRun', figures(3000, 2, 4));
  results.add('route', 'MarbleRun, routing three', figures(1000, 4, 8));
  results.add('route', 'floor', figures(4000, 1, 2));
  results.add('route', 'floor, routing three', figures(2000, 2, 4));
  const [, , line] = rowByRow(results).split('\n');
  expect(line).toBe('| route | MarbleRun, routing three | 1,000 |  |  | routing three | 0.5 | 2 | 2 |');
});
