import { describe, expect, test } from '@jest/globals';
import type { ScaleRule } from './scale-labels.js';
import { decide, type Decision, type ScaledContainer, type ServiceState } from './scaling.js';

const COOL_DOWN = { upMs: 1000, downMs: 5000 };
const LONG_MS = 1_000_000;
const RULE: ScaleRule = { min: 1, max: 4, target: 10, queues: undefined };

const container = (number: number, form: Partial<ScaledContainer> = {}): ScaledContainer => ({
  ...{ id: `id-${number}`, name: `worker-${number}`, number, state: 'running', configHash: 'one', held: 0 },
  ...{ livedMs: undefined, endingMs: undefined, graceMs: 10_000 },
  ...form,
});
const containers = (n: number, form?: Partial<ScaledContainer>) =>
  Array.from({ length: n }, (_, i) => container(i + 1, form));

/** Shows what is decided in one line. */
function decided(form: Partial<ServiceState>): string {
  const { running, wanted, step }: Decision = decide(
    { rule: RULE, containers: containers(2), work: 0, changedMs: LONG_MS, busyMs: LONG_MS, ...form },
    COOL_DOWN,
  );
  const what = step.do === 'add' ? `add ${step.number} like ${step.like.number}` : step.do;
  const which =
    step.do === 'nothing' ? (step.isTrouble ? '!' : '') : step.do === 'add' ? '' : ` ${step.container.number}`;
  return `${running}/${wanted} ${what}${which}`;
}

type Case = [what: string, state: Partial<ServiceState>, decision: string];

describe('up', () => {
  test.each<Case>([
    ['one more where the work needs it', { work: 21 }, '2/3 add 3 like 1'],
    ['one at a time, however much work there is', { work: 1000 }, '2/4 add 3 like 1'],
    ['no more than the limit', { work: 1000, containers: containers(4) }, '4/4 nothing'],
    ['to the least, without any work', { rule: { ...RULE, min: 3 } }, '2/3 add 3 like 1'],
    ['the least number that is free', { work: 40, containers: [container(1), container(3)] }, '2/4 add 2 like 1'],
    ['not before the cool-down is over', { work: 40, changedMs: 999 }, '2/4 nothing'],
    [
      'what was made and never started comes first',
      { work: 40, containers: [...containers(2), container(3, { state: 'created' })] },
      '2/4 start 3',
    ],
    [
      'one of other settings is not started',
      { work: 40, containers: [...containers(2), container(3, { state: 'created', configHash: 'two' })] },
      '2/4 add 4 like 1',
    ],
    [
      'one that is ending takes its place until it is gone',
      { work: 40, containers: [...containers(3), container(4, { endingMs: 5 })] },
      '3/4 nothing!',
    ],
    [
      'those that ended take their places',
      {
        work: 40,
        containers: [
          ...containers(2),
          container(3, { state: 'exited', livedMs: LONG_MS, held: undefined }),
          container(4, { state: 'exited', livedMs: LONG_MS, held: undefined }),
        ],
      },
      '2/4 nothing!',
    ],
    [
      'beside one that a person has ended',
      {
        work: 40,
        containers: [...containers(2), container(3, { state: 'exited', livedMs: LONG_MS, held: undefined })],
      },
      '2/4 add 4 like 1',
    ],
  ])('%s', (_, state, decision) => expect(decided(state)).toBe(decision));
});

describe('nothing is added beside one that does not work', () => {
  const beside = (form: Partial<ScaledContainer>) => ({ work: 40, containers: [container(1), container(2, form)] });
  test.each<Case>([
    ['it is started over and over', beside({ state: 'restarting' }), '2/4 nothing!'],
    ['it ended at once', beside({ state: 'exited', livedMs: 9999, held: undefined }), '1/4 nothing!'],
    ['no holder is in it yet', { ...beside({ held: undefined }), changedMs: 1000 }, '2/4 nothing'],
    ['no holder is in it for long', { ...beside({ held: undefined }), changedMs: 60_000 }, '2/4 nothing!'],
    [
      'it is asked to end anyway',
      { work: 40, containers: [container(1), container(2, { held: undefined, endingMs: 5 })] },
      '1/4 add 3 like 1',
    ],
  ])('%s', (_, state, decision) => expect(decided(state)).toBe(decision));
});

describe('down', () => {
  test.each<Case>([
    [
      'the idle one of the highest number',
      { containers: [container(1), container(2), container(3, { held: 1 })], work: 1 },
      '3/1 end 2',
    ],
    [
      'the least busy one where none is idle',
      { containers: [container(1, { held: 2 }), container(2, { held: 5 })], work: 7 },
      '2/1 end 1',
    ],
    [
      'one in which no holder is counts as idle',
      { containers: [container(1), container(2, { held: undefined })] },
      '2/1 end 2',
    ],
    ['no less than the least', { rule: { ...RULE, min: 2 } }, '2/2 nothing'],
    ['not before the cool-down is over', { changedMs: 4999 }, '2/1 nothing'],
    ['not before so many have been needless for as long', { busyMs: 4999 }, '2/1 nothing'],
    [
      'above the limit at once, however much work there is',
      { containers: containers(5), work: 1000, busyMs: 0 },
      '5/4 end 5',
    ],
    [
      'never beside one that is paused, as if that were gone',
      { containers: [container(1), container(2, { state: 'paused' })], work: 11 },
      '2/2 nothing',
    ],
  ])('%s', (_, state, decision) => expect(decided(state)).toBe(decision));
});

describe('one that was asked to end', () => {
  const asked = (state: string, endingMs: number) => ({
    containers: [container(1), container(2, { state, endingMs })],
  });
  test.each<Case>([
    ['is removed when it has ended', asked('exited', 1), '1/1 remove 2'],
    ['is waited for', asked('running', 1), '1/1 nothing'],
    ['is asked again where it runs on', asked('running', 40_001), '1/1 end 2'],
    ['is removed whatever else is the matter', { ...asked('exited', 1), work: undefined }, '1/1 remove 2'],
  ])('%s', (_, state, decision) => expect(decided(state)).toBe(decision));
});

describe('a service is left alone', () => {
  test.each<Case>([
    [
      'where none of its containers runs',
      { containers: [container(1, { state: 'exited', livedMs: LONG_MS })], work: 100 },
      '0/4 nothing!',
    ],
    [
      'while compose makes its containers anew',
      { containers: [container(1), container(2, { configHash: 'two' })], work: 100 },
      '2/4 nothing!',
    ],
    ['where nobody knows its queues', { work: undefined }, '2/2 nothing!'],
    ['where as many run as are wanted', { work: 20 }, '2/2 nothing'],
  ])('%s', (_, state, decision) => expect(decided(state)).toBe(decision));
});
