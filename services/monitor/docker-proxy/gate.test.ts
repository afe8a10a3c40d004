/** The requests that a proxy lets through, and how they go on. */
import { expect, test } from '@jest/globals';
import { admit } from './gate.js';

const ID = '0123456789abcdef'.repeat(4);
const LABEL = 'marblerun.run';
const pathOf = (method: string, target: string, allow: 'reads' | 'restart' | 'scale' = 'reads') => {
  const admitted = admit(method, target, allow);
  return typeof admitted === 'string' ? admitted : decodeURIComponent(admitted.path);
};

test.each([
  ['GET', '/_ping', '/_ping'],
  ['GET', '/v1.41/version?x=1', '/v1.41/version'],
  ['GET', '/containers/json?all=true&size=1', `/containers/json?all=true&filters={"label":["${LABEL}"]}`],
  [
    'GET',
    `/containers/json?filters={"label":["a=b"],"network":["n"]}`,
    `/containers/json?filters={"label":["a=b","${LABEL}"],"network":["n"]}`,
  ],
  [
    'GET',
    `/v1.41/events?since=1&filters={"type":["image"],"event":{"die":true}}`,
    `/v1.41/events?since=1&filters={"type":["container"],"event":["die"],"label":["${LABEL}"]}`,
  ],
])('%s %s goes on as %s', (method, target, path) => {
  expect(pathOf(method, target)).toBe(path);
});

test.each([
  ['POST', `/containers/${ID}/restart?t=5&signal=9`, 'restart', `/containers/${ID}/restart?t=5`],
  ['GET', `/containers/${ID}/json?size=1`, 'scale', `/containers/${ID}/json`],
  ['POST', `/containers/${ID}/start?detachKeys=x`, 'scale', `/containers/${ID}/start`],
  ['POST', `/containers/${ID}/stop?t=1`, 'scale', `/containers/${ID}/stop?t=1`],
  ['DELETE', `/containers/${ID}?v=true&force=true`, 'scale', `/containers/${ID}?v=true`],
  ['POST', '/containers/create?name=w&platform=x', 'scale', '/containers/create?name=w'],
] as const)('%s %s needs %s', (method, target, level, path) => {
  const lower = level === 'scale' ? 'restart' : 'reads';
  expect(pathOf(method, target, lower)).toBe(`this proxy lets that through with ${level} only`);
  expect(pathOf(method, target, level)).toBe(path);
  const isCreate = path.startsWith('/containers/create');
  expect(admit(method, target, level)).toMatchObject(isCreate ? { creates: true } : { container: ID });
});

test.each([
  ['GET', '/info'],
  ['GET', '/images/json'],
  ['POST', '/_ping'],
  ['GET', '/secrets'],
  ['POST', '/build'],
  ['GET', `/containers/${ID}/archive`],
  ['POST', `/containers/${ID}/exec`],
  ['POST', `/containers/${ID}/attach`],
  ['POST', '/containers/worker-1/restart'],
  ['POST', `/containers/${ID.slice(0, 12)}/restart`],
  ['GET', '/containers/../images/json'],
  ['GET', '/containers/%2e%2e/images/json'],
  ['GET', '/containers/json/../../info'],
  ['GET', '/v2/containers/json'],
  ['GET', '/v1.41//containers/json'],
])('%s %s is never let through', (method, target) => {
  expect(pathOf(method, target, 'scale')).toBe('this proxy does not let that through');
});

test.each(['http://elsewhere/_ping', '//elsewhere/_ping', 'http://[/'])('%s is no path', (target) => {
  expect(pathOf('GET', target, 'scale')).toBe('this is no path');
});

test.each(['{', '[]', '"x"', '{"label":"x"}', '{"label":[1]}', 'null'])(
  'filters that are none are refused: %s',
  (filters) => {
    expect(pathOf('GET', `/events?filters=${filters}`)).toBe('filters: this is no object of lists');
  },
);
