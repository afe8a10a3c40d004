import { expect, test } from '@jest/globals';
import { decodeEnvelope } from '../data/envelope.js';
import { envelope } from '../testing.js';
import { Held } from './held.js';

const held = (seq: number, queue: string) =>
  new Held(seq, queue, decodeEnvelope(Buffer.from(envelope('m'))), undefined);

test('a delivery is named by its number and its queue, so that a later one of the same marble has another name', () => {
  expect([held(7, 'a:b/c').receipt, held(8, 'a:b/c').receipt, held(7, 'b').receipt]).toEqual([
    '7/a:b/c',
    '8/a:b/c',
    '7/b',
  ]);
});
