import { expect, test } from '@jest/globals';
import { Held } from '../communicator/hold/held.js';
import { InHand } from './in-hand.js';

const inHand = () => new InHand(new Held(1, 'a', { id: 'a' } as never, undefined), undefined);

test('a signal that was asked for is aborted with the reason, and is always the same', () => {
  const one = inHand();
  const { signal } = one;
  expect(signal.aborted).toBe(false);
  one.lose('lease');
  one.lose('closed');
  expect([signal.aborted, signal.reason, one.signal === signal]).toEqual([true, 'lease', true]);
});

test('a signal that is asked for once the marble is lost is aborted already, by the first reason', () => {
  const one = inHand();
  one.lose('lease');
  one.lose('closed');
  expect([one.signal.aborted, one.signal.reason]).toEqual([true, 'lease']);
});
