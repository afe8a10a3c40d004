/** Settings and labels by which nothing can be done are told of. */
import { expect, test } from '@jest/globals';
import { createLogger } from '@marblerun/service';
import { readConfig } from '../config.js';
import { LabelWatch } from './label-watch.js';

const container = (name: string, labels: Record<string, string>) => ({
  ...{ id: name.repeat(64).slice(0, 64), name, state: 'running', image: '' },
  labels: { 'marblerun.run': 'main, other', ...labels },
});

test('a restart label with another value is told once for each container, and not for other runs', () => {
  const told: unknown[] = [];
  const log = createLogger('monitor', 'silent');
  log.warn = (about: unknown) => void told.push(about);
  const watch = new LabelWatch('main', log);
  const wrong = container('a', { 'marblerun.restart': 'always' });
  watch.listed([wrong, container('b', { 'marblerun.restart': 'hung' }), container('c', {})]);
  watch.listed([wrong, container('d', { 'marblerun.run': 'else', 'marblerun.restart': 'no' })]);
  expect(told).toEqual([{ run: 'main', container: 'a', label: 'marblerun.restart', value: 'always' }]);
  watch.listed([]);
  watch.listed([wrong]);
  expect(told).toHaveLength(2);
});

test.each([
  [{ MARBLERUN_SCALE: 'on' }, /MARBLERUN_SCALE: "on": needs MARBLERUN_DOCKER/],
  [{ MARBLERUN_SCALE: 'yes' }, /MARBLERUN_SCALE: "yes"/],
  [{ MARBLERUN_SCALE_UP_MS: '1' }, /MARBLERUN_SCALE_UP_MS: "1": must be a whole number from 100 to/],
  [{ MARBLERUN_RESTARTS_PER_HOUR: '-1' }, /MARBLERUN_RESTARTS_PER_HOUR: "-1": must be a whole number from 0 to 1000/],
])('%j is a mistake of the configuration', (env, said) => {
  expect(() => readConfig(env)).toThrow(said);
});

test('scaling is off unless it is turned on', () => {
  expect(readConfig({})).toMatchObject({ scale: 'off', restartsPerHour: 6, scaleUpMs: 15_000, scaleDownMs: 60_000 });
  expect(readConfig({ MARBLERUN_SCALE: 'on', MARBLERUN_DOCKER: 'unix:///x' })).toMatchObject({ scale: 'on' });
});
