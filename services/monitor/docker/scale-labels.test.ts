import { expect, test } from '@jest/globals';
import { isMistake, readScaleRule } from './scale-labels.js';

const labels = (form: Readonly<Record<string, string | undefined>>) => {
  const all: Record<string, string | undefined> = { min: '1', max: '4', target: '10', ...form };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [`marblerun.scale.${name}`, value]));
};

test('a rule has limits, a target and perhaps queues', () => {
  expect(readScaleRule(labels({}))).toEqual({ min: 1, max: 4, target: 10, queues: undefined });
  expect(readScaleRule(labels({ queues: 'a, b,a' }))).toMatchObject({ queues: ['a', 'b'] });
});

test.each([
  [{ min: '0' }, /^min "0" is not allowed; allowed: a whole number from 1 to 1000$/],
  [{ min: '-1' }, /^min "-1"/],
  [{ max: undefined }, /^max is not given; allowed: a whole number/],
  [{ max: '1001' }, /^max "1001"/],
  [{ target: '0' }, /^target "0" is not allowed; allowed: a whole number from 1 to/],
  [{ target: 'many' }, /^target "many"/],
  [{ target: '' }, /^target ""/],
  [{ target: '1e3' }, /^target "1e3"/],
  [{ target: undefined }, /^target is not given/],
  [{ min: '5' }, /^max 4 is less than marblerun.scale.min \(5\)$/],
  [{ queues: 'a b' }, /^queues queue: "a b" is not a queue name/],
  [{ queues: '' }, /^queues queue: "" is not a queue name/],
] as const)('%j makes no sense, and the label is named', (form, said) => {
  const read = readScaleRule(labels(form));
  expect(isMistake(read) && `${read.label.replace('marblerun.scale.', '')} ${read.mistake}`).toMatch(said);
});
