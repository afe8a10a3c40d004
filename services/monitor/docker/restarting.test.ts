import { expect, test } from '@jest/globals';
import { HOUR_MS, decideRestart, type HungContainer, type NotedRestart, type RestartState } from './restarting.js';

const NOW = 10 * HOUR_MS;
const hung = (name: string, hungMs = 60_000, leaseMs = 15_000): HungContainer => ({ id: name, name, hungMs, leaseMs });
const past = (name: string, agoMs: number): NotedRestart => ({ id: name, name, at: NOW - agoMs });

function decided(form: Partial<RestartState>): string {
  const step = decideRestart({ now: NOW, hung: [hung('a')], past: [], isBack: true, perHour: 6, ...form });
  return step.do === 'restart' ? `restart ${step.container.name}` : `nothing: ${step.why}`;
}

test.each<[what: string, state: Partial<RestartState>, decision: string | RegExp]>([
  ['one that hangs', {}, 'restart a'],
  ['nobody where nobody hangs', { hung: [] }, /^nothing/],
  ['the one that has hung for longest first', { hung: [hung('a'), hung('b', 70_000)] }, 'restart b'],
  ['not one that may come back by itself', { hung: [hung('a', 9999, 1000)] }, /may come back.* after 10000 ms/],
  [
    'not one whose heartbeats are as far apart',
    { hung: [hung('a', 29_999, 30_000)] },
    /may come back.* after 30000 ms/,
  ],
  ['not while another is on its way', { past: [past('b', 5000)], isBack: false }, /waits until b runs again/],
  ['one that does not come back holds up nobody for ever', { past: [past('b', 120_000)], isBack: false }, 'restart a'],
  ['not one that was restarted a moment ago', { past: [past('a', 59_999)] }, /a was restarted less than 60000 ms ago/],
  ['the same one after the first pause', { past: [past('a', 60_000)] }, 'restart a'],
  [
    'the same one after a pause that doubles',
    { past: [past('a', 500_000), past('a', 119_999)] },
    /less than 120000 ms/,
  ],
  ['another meanwhile', { hung: [hung('a', 90_000), hung('b')], past: [past('a', 30_000)] }, 'restart b'],
  [
    'no more than so many an hour',
    { past: [past('b', 3_000_000), past('c', 2_000_000)], perHour: 2 },
    /2 .* within an hour; allowed: 2/,
  ],
])('%s', (_, state, decision) => {
  if (typeof decision === 'string') expect(decided(state)).toBe(decision);
  else expect(decided(state)).toMatch(decision);
});
