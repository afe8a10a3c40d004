import { expect, test } from '@jest/globals';
import { keysOf } from '../redis/keys.js';
import type { ScriptArg } from '../redis/scripts.js';
import { LargeOnes } from './large.js';
import type { Output } from './outputs.js';

const large = (name: string) => ({ name, bytes: 3, data: 'abc' });
const output = (name?: string): Output => ({
  ...{ kind: 'back', queue: 'q', envelope: 'x' },
  ...(name !== undefined && { large: large(name) }),
});

test('names of what is sent come first, then numbers of what is finished; the keys come in the same order', () => {
  const keys = keysOf('main');
  const ones = new LargeOnes();
  expect(ones.any).toBe(false);
  ones.send([output(), output('a'), output()]);
  ones.finish(undefined, 4);
  ones.finish(large('b'), 5);
  ones.send([output('c')]);
  expect([ones.any, ones.sent.length]).toEqual([true, 2]);
  const args: ScriptArg[] = [];
  ones.pushTo(args);
  expect(args).toEqual([2, 'a', 'c', 1, 5]);
  expect(ones.keys(keys)).toEqual([keys.absent, ...['a', 'c', 'b'].map(keys.data)]);
});
