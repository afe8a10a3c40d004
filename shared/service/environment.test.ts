import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { commonVariables, port, readEnvironment } from './environment.js';
import { findToken } from './tokens.js';

const schema = z.object({ ...commonVariables, MARBLERUN_PORT: port(9464) });

test('an empty environment gives the defaults', () => {
  expect(readEnvironment(schema, {})).toEqual({
    MARBLERUN_REDIS: 'redis://localhost:6379',
    MARBLERUN_READ_TOKEN: [],
    MARBLERUN_HOST: '0.0.0.0',
    MARBLERUN_HOSTS: [],
    MARBLERUN_LOG_LEVEL: 'info',
    MARBLERUN_DRAIN_MS: 10_000,
    MARBLERUN_PORT: 9464,
  });
});

test('an empty variable counts as not given, as compose files write it', () => {
  expect(readEnvironment(schema, { MARBLERUN_PORT: '' }).MARBLERUN_PORT).toBe(9464);
});

test('one error lists every mistake with its variable, its value and what is allowed', () => {
  const env = {
    MARBLERUN_PORT: '70000',
    MARBLERUN_LOG_LEVEL: 'loud',
    MARBLERUN_DRIAN_MS: '5',
    MARBLERUN_REDIS: 'localhost',
  };
  expect(() => readEnvironment(schema, env)).toThrow(expect.objectContaining({ code: 'MR_BAD_CONFIG' }));
  expect(() => readEnvironment(schema, env)).toThrow(/4 mistake/);
  expect(() => readEnvironment(schema, env)).toThrow(/MARBLERUN_PORT: "70000".*65535/);
  expect(() => readEnvironment(schema, env)).toThrow(/MARBLERUN_LOG_LEVEL: "loud".*"info"/);
  expect(() => readEnvironment(schema, env)).toThrow(/MARBLERUN_DRIAN_MS: .*did you mean MARBLERUN_DRAIN_MS\?/);
  expect(() => readEnvironment(schema, env)).toThrow(/MARBLERUN_REDIS: .*redis:\/\/host:6379/);
});

test('a secret may come from a file, and is not shown in errors', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'marblerun-')), 'redis');
  writeFileSync(file, 'redis://:hunter2@redis:6379\n');
  expect(readEnvironment(schema, { MARBLERUN_REDIS_FILE: file }).MARBLERUN_REDIS).toBe('redis://:hunter2@redis:6379');
  expect(() => readEnvironment(schema, { MARBLERUN_REDIS_FILE: `${file}.missing` })).toThrow(
    /MARBLERUN_REDIS_FILE: cannot read/,
  );
  expect(() => readEnvironment(schema, { MARBLERUN_REDIS: 'http://:hunter2@redis' })).toThrow(/^(?!.*hunter2)/s);
});

test('several tokens, for rotation: by commas, or one a line of a file', () => {
  const [old, next] = ['the-old-token-0123', 'the-next-token-0123'];
  const file = join(mkdtempSync(join(tmpdir(), 'marblerun-')), 'tokens');
  writeFileSync(file, `${old}\n${next}\n`);
  const read = (env: Record<string, string>) => readEnvironment(schema, env).MARBLERUN_READ_TOKEN;
  const both: Record<string, string>[] = [
    { MARBLERUN_READ_TOKEN: `${old}, ops:${next}` },
    { MARBLERUN_READ_TOKEN_FILE: file },
  ];
  for (const env of both) {
    const found = [old, next, 'ops', `ops:${next}`].map((presented) => findToken(read(env), presented)?.name);
    const fingerprint = expect.stringMatching(/^token-[0-9a-f]{8}$/);
    const named = 'MARBLERUN_READ_TOKEN' in env ? 'ops' : fingerprint;
    expect(found).toEqual([fingerprint, named, undefined, undefined]);
  }
  expect(() => read({ MARBLERUN_READ_TOKEN: `${old},hunter2` })).toThrow(
    /READ_TOKEN: the value given: each token .* 16/,
  );
  expect(() => read({ MARBLERUN_READ_TOKEN: `${old},hunter2` })).toThrow(/^(?!.*hunter2)/s);
  expect(() => read({ MARBLERUN_READ_TOKEN: `${old}!` })).toThrow(/must be A-Z a-z 0-9/);
});

test.each([' ', '1e4', '0x10', '9464.0', '+9464', '-1', '9464 ', '٩', 'NaN'])('a port of %j is a mistake', (value) => {
  expect(() => readEnvironment(schema, { MARBLERUN_PORT: value })).toThrow(
    /MARBLERUN_PORT: .*a whole number from 0 to 65535/,
  );
});

const folder = () => mkdtempSync(join(tmpdir(), 'marblerun-'));
const fileOf = (text: string) => {
  const file = join(folder(), 'file');
  writeFileSync(file, text);
  return file;
};

test.each(Object.keys(schema.shape))('%s and its file together are a mistake, and so is an empty file', (name) => {
  const file = fileOf('redis://:hunter2@h');
  expect(() => readEnvironment(schema, { [name]: 'debug', [`${name}_FILE`]: file })).toThrow(
    new RegExp(`${name}_FILE: ${name} is given too`),
  );
  for (const empty of ['', '\n', ' \t\n'])
    expect(() => readEnvironment(schema, { [`${name}_FILE`]: fileOf(empty) })).toThrow(
      new RegExp(`${name}_FILE: the file ".*" is empty`),
    );
});

test('REDIS_URL stands in for MARBLERUN_REDIS, and a mistake in it is told by its name', () => {
  const redis = (env: Record<string, string>) => readEnvironment(schema, env).MARBLERUN_REDIS;
  expect(redis({ REDIS_URL: 'redis://a' })).toBe('redis://a');
  expect(redis({ REDIS_URL_FILE: fileOf('redis://b\n') })).toBe('redis://b');
  expect(redis({ REDIS_URL: 'redis://a', MARBLERUN_REDIS: 'redis://c' })).toBe('redis://c');
  expect(() => redis({ REDIS_URL: 'http://:hunter2@a' })).toThrow(/^(?!.*hunter2).*REDIS_URL: the value given: /s);
});

test('what Kubernetes adds for its services is not mistaken for settings', () => {
  const links = {
    MARBLERUN_MONITOR_PORT: 'tcp://10.0.0.1:9464',
    MARBLERUN_MONITOR_PORT_9464_TCP: 'tcp://10.0.0.1:9464',
    MARBLERUN_MONITOR_PORT_9464_TCP_ADDR: '10.0.0.1',
    MARBLERUN_MONITOR_PORT_9464_TCP_PORT: '9464',
    MARBLERUN_MONITOR_PORT_9464_TCP_PROTO: 'tcp',
    MARBLERUN_MONITOR_SERVICE_HOST: '10.0.0.1',
    MARBLERUN_MONITOR_SERVICE_PORT: '9464',
    MARBLERUN_MONITOR_SERVICE_PORT_HTTP: '9464',
    MARBLERUN_PORT: 'tcp://10.0.0.1:9464', // set by Kubernetes for a service that is named marblerun
    MARBLERUN_SERVICE_HOST: '10.0.0.1',
  };
  expect(readEnvironment(schema, links)).toEqual(readEnvironment(schema, {}));
});
