import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { commonVariables, port, readEnvironment } from './environment.js';

const schema = z.object({ ...commonVariables, MARBLERUN_PORT: port(9464) });

test('an empty environment gives the defaults', () => {
  expect(readEnvironment(schema, {})).toEqual({
    MARBLERUN_REDIS: 'redis://localhost:6379',
    MARBLERUN_READ_TOKEN: [],
    MARBLERUN_HOST: '0.0.0.0',
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
  expect(read({ MARBLERUN_READ_TOKEN: `${old}, ${next}` })).toEqual([old, next]);
  expect(read({ MARBLERUN_READ_TOKEN_FILE: file })).toEqual([old, next]);
  expect(() => read({ MARBLERUN_READ_TOKEN: `${old},hunter2` })).toThrow(
    /READ_TOKEN: the value given: each token .* 16/,
  );
  expect(() => read({ MARBLERUN_READ_TOKEN: `${old},hunter2` })).toThrow(/^(?!.*hunter2)/s);
  expect(() => read({ MARBLERUN_READ_TOKEN: `${old}!` })).toThrow(/must be A-Z a-z 0-9/);
});
