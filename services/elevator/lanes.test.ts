import { expect, test } from '@jest/globals';
import { readLanes } from './lanes.js';

const redis = 'redis://localhost:6379';
const read = (config: unknown) => readLanes(typeof config === 'string' ? config : JSON.stringify(config), redis);
const lane = (name: string, from: string, to: string, more = {}) => ({ name, from, to, ...more });

test('runs take the default Redis and their own name unless told otherwise', () => {
  const [up] = read({ runs: { a: {}, b: { redis: 'redis://far:6379', run: 'main' } }, lanes: [lane('up', 'a', 'b')] });
  expect(up?.from).toEqual({ name: 'a', redis, run: 'a', replicas: 0, replicasTimeoutMs: 1000 });
  expect(up?.to).toMatchObject({ name: 'b', redis: 'redis://far:6379', run: 'main' });
});

test('a run may have its Redis in the long form', () => {
  const form = { host: 'far', passwordFile: '/run/secrets/redis' };
  const [up] = read({ runs: { a: {}, b: { redis: form } }, lanes: [lane('up', 'a', 'b')] });
  expect(up?.to.redis).toEqual(form);
});

test('a queue goes by the first lane of its run that matches', () => {
  const lanes = read({
    runs: { a: {}, b: {}, c: {} },
    lanes: [lane('big', 'a', 'b', { queues: ['big-*', 'x.y'] }), lane('rest', 'a', 'c'), lane('back', 'b', 'a')],
  });
  const carriers = (queue: string) => lanes.filter(({ carries }) => carries(queue)).map(({ name }) => name);
  expect(carriers('big-files')).toEqual(['big', 'back']);
  expect(carriers('x.y')).toEqual(['big', 'back']);
  expect(carriers('xzy')).toEqual(['rest', 'back']);
  expect(carriers('small')).toEqual(['rest', 'back']);
});

test.each([
  ['not JSON', '{', /not JSON/],
  ['no lane at all', { runs: {}, lanes: [] }, /at least one lane/],
  [
    'an unknown run',
    { runs: { a: {} }, lanes: [lane('up', 'a', 'hub')] },
    /lanes\[0\] "up"\.to: "hub" is not a run; allowed: a/,
  ],
  [
    'a duplicate name',
    { runs: { a: {}, b: {} }, lanes: [lane('up', 'a', 'b'), lane('up', 'b', 'a')] },
    /another lane of this name/,
  ],
  ['a loop to itself', { runs: { a: {} }, lanes: [lane('up', 'a', 'a')] }, /loop to itself/],
  [
    'a loop by two names',
    { runs: { a: { run: 'x' }, b: { run: 'x' } }, lanes: [lane('up', 'a', 'b')] },
    /the same run: a loop to itself/,
  ],
  [
    'a bad run name',
    { runs: { a: { run: 'a b' }, b: {} }, lanes: [lane('up', 'a', 'b')] },
    /"a b" is not a run name; allowed/,
  ],
  [
    'a bad pattern',
    { runs: { a: {}, b: {} }, lanes: [lane('up', 'a', 'b', { queues: ['a b'] })] },
    /lanes\.0\.queues\.0/,
  ],
  [
    'a bad Redis',
    { runs: { a: {}, b: { redis: { hots: 'x' } } }, lanes: [lane('up', 'a', 'b')] },
    /runs\.b\.redis: .*did you mean "host"\?/,
  ],
  [
    'a loop to one Redis in two forms',
    {
      runs: { a: { run: 'x', redis: 'redis://h:1' }, b: { run: 'x', redis: { host: 'h', port: 1 } } },
      lanes: [lane('up', 'a', 'b')],
    },
    /the same run: a loop to itself/,
  ],
  ['an unknown field', { runs: { a: {}, b: {} }, lanes: [lane('up', 'a', 'b', { queue: ['x'] })] }, /queue/],
])('%s is refused with MR_BAD_LANES', (_what, config, message) => {
  expect(() => read(config)).toThrow(expect.objectContaining({ code: 'MR_BAD_LANES' }));
  expect(() => read(config)).toThrow(message);
});
