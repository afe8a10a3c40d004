import { expect, test } from '@jest/globals';
import { Pace } from './pace.js';

const MOST = { marbles: 2500, bytes: 1_048_576 };
const MARBLE_BYTES = 500;

/**
 * Carries a number of transits of a long backlog. Returns the time that each took, and the bytes a second at the end.
 */
function carry(pace: Pace, link: { bytesPerS: number; tripMs: number }, transits = 60) {
  const times: number[] = [];
  let perSecond = 0;
  for (let i = 0; i < transits; i++) {
    const { limits } = pace;
    const marbles = Math.min(limits.marbles, Math.ceil(limits.bytes / MARBLE_BYTES));
    const bytes = marbles * MARBLE_BYTES;
    const ms = link.tripMs + (bytes / link.bytesPerS) * 1000;
    pace.went({ marbles, bytes }, ms);
    times.push(ms);
    perSecond = (bytes / ms) * 1000;
  }
  return { times, perSecond };
}

const LINKS = [20_000, 60_000, 1_000_000, 100_000_000].flatMap((bytesPerS) =>
  [0.2, 80, 700, 900, 3000].map((tripMs) => ({ bytesPerS, tripMs })),
);
test.each(LINKS)(
  'at $bytesPerS bytes/s and $tripMs ms: transits in good time, and most of what the link can',
  (link) => {
    const { times, perSecond } = carry(new Pace(MOST), link);
    const last = times.slice(-10);
    expect(Math.max(...last)).toBeLessThan(Math.max(1300, 4 * link.tripMs));
    const most = MOST.bytes / (link.tripMs + (MOST.bytes / link.bytesPerS) * 1000);
    expect(perSecond / 1000).toBeGreaterThan(most * (link.tripMs < 100 ? 0.8 : 0.25));
  },
);

test('a fast link has full transits after a few', () => {
  const pace = new Pace(MOST);
  carry(pace, { bytesPerS: 100_000_000, tripMs: 0.2 }, 4);
  expect(pace.limits).toEqual(MOST);
});

test('a link that becomes slow, and fast again, is followed within a few transits', () => {
  const pace = new Pace(MOST);
  carry(pace, { bytesPerS: 100_000_000, tripMs: 1 });
  const { times } = carry(pace, { bytesPerS: 60_000, tripMs: 1 }, 4);
  expect(times.at(-1)).toBeLessThan(1300);
  carry(pace, { bytesPerS: 100_000_000, tripMs: 1 }, 8);
  expect(pace.limits).toEqual(MOST);
});

test('what is not full says nothing of larger ones', () => {
  const pace = new Pace(MOST);
  const before = pace.limits;
  for (let i = 0; i < 10; i++) pace.went({ marbles: 1, bytes: 100 }, 1);
  expect(pace.limits).toEqual(before);
});

test('what did not go makes smaller transits, never larger than told nor none', () => {
  const pace = new Pace({ marbles: 3, bytes: 2000 });
  for (let i = 0; i < 20; i++) pace.failed();
  expect(pace.limits).toEqual({ marbles: 3, bytes: 2000 });
  const large = new Pace(MOST);
  for (let i = 0; i < 20; i++) large.failed();
  expect(large.limits).toEqual({ marbles: 10, bytes: 4096 });
});
