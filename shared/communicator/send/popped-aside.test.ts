import { expect, test } from '@jest/globals';
import { PoppedAside } from './popped-aside.js';

test('what was taken is remembered for its queue, with its batches, until somebody takes the note', () => {
  const aside = new PoppedAside();
  aside.add('q', undefined);
  aside.add('q', 'b1');
  aside.add('q', 'b2');
  aside.add('other', 'b1');
  expect(aside.take('q')).toEqual({ n: 3, members: 'b1 1 b2 1' });
  expect(aside.take('q')).toEqual({ n: 0, members: '' });
  expect(aside.take('other')).toEqual({ n: 1, members: 'b1 1' });
});

test('a note that is put back, because it could not be counted, is added to what came meanwhile', () => {
  const aside = new PoppedAside();
  aside.add('q', 'b1');
  const note = aside.take('q');
  aside.add('q', 'b2');
  aside.putBack('q', note);
  expect(aside.take('q')).toEqual({ n: 2, members: 'b2 1 b1 1' });
  aside.putBack('q', { n: 0, members: '' });
  expect(aside.take('q')).toEqual({ n: 0, members: '' });
});
