/**
 * A client's warnings about its environment. It warns once of an unknown variable, which is probably misspelt. It does
 * not warn of variables of the services, which may share the environment, or of those that Kubernetes adds.
 */
import { elevatorVariables } from '@marblerun/elevator';
import { monitorVariables, proxyVariables } from '@marblerun/monitor';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Marble } from 'marblerun';

const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
  emitWarning.mockClear();
});

/** Returns the warnings of two clients with these variables, one after the other. */
function said(env: Record<string, string>): string[] {
  Object.assign(process.env, env);
  for (let i = 0; i < 2; i++) new Marble();
  return emitWarning.mock.calls.map(([message]) => String(message));
}

const REAL: Record<string, string> = { MARBLERUN_REDIS: 'redis://localhost', MARBLERUN_RUN: 'main' };
const tables = [monitorVariables, proxyVariables, elevatorVariables];
const variables = [...new Set(tables.flatMap(({ shape }) => Object.keys(shape)))];

test('the tables have what they should', () => {
  expect(variables.length).toBeGreaterThan(25);
  expect(variables).toEqual(expect.arrayContaining(['MARBLERUN_METRIC_QUEUES', 'MARBLERUN_LANES', 'MARBLERUN_TOKEN']));
});

test.each(variables)('%s, of a service, is no warning of a client; nor is its file', (name) => {
  expect(said({ [name]: REAL[name] ?? 'x' })).toEqual([]);
  if (!(name in REAL)) expect(said({ [`${name}_FILE`]: '/run/secrets/x' })).toEqual([]);
});

test.each([
  ['MARBLERUN_REDIS_URL', 'MARBLERUN_REDIS'],
  ['MARBLERUN_RUNS', 'MARBLERUN_RUN'],
  ['MARBLERUN_METRICS_QUEUES', 'MARBLERUN_METRIC_QUEUES'],
  ['MARBLERUN_REDIS_FIEL', 'MARBLERUN_REDIS'],
])('%s is told once, with what was meant, and its value is not shown', (name, meant) => {
  expect(said({ [name]: 'redis://:hunter2@h' })).toEqual([
    `${name}: there is no such variable; did you mean ${meant}?`,
  ]);
});

test('what is empty, and what Kubernetes adds for its services, is no warning', () => {
  const links = {
    MARBLERUN_EMPTY: '',
    MARBLERUN_MONITOR_PORT: 'tcp://10.0.0.1:9464',
    MARBLERUN_MONITOR_PORT_9464_TCP: 'tcp://10.0.0.1:9464',
    MARBLERUN_MONITOR_PORT_9464_TCP_ADDR: '10.0.0.1',
    MARBLERUN_MONITOR_PORT_9464_TCP_PORT: '9464',
    MARBLERUN_MONITOR_PORT_9464_TCP_PROTO: 'tcp',
    MARBLERUN_MONITOR_SERVICE_HOST: '10.0.0.1',
    MARBLERUN_MONITOR_SERVICE_PORT: '9464',
    MARBLERUN_MONITOR_SERVICE_PORT_HTTP: '9464',
    MARBLERUN_REDIS_SERVICE_HOST: '10.0.0.1',
    MARBLERUN_REDIS_PORT: 'tcp://10.0.0.1:6379',
    MARBLERUN_PORT: 'tcp://10.0.0.1:9464', // set by Kubernetes for a service that is named marblerun
  };
  expect(said(links)).toEqual([]);
});
