import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isServiceLink, readRedisVariable, readVariable } from './environment.js';

function fileOf(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'marblerun-')), 'secret');
  writeFileSync(file, text);
  return file;
}

test('a variable is told with the name that it came from; an empty one is not given', () => {
  expect(readVariable({ NAME: 'value' }, 'NAME')).toEqual({ variable: 'NAME', value: 'value' });
  expect(readVariable({ NAME_FILE: fileOf(' value\n') }, 'NAME')).toEqual({ variable: 'NAME_FILE', value: 'value' });
  for (const env of [{}, { NAME: '' }, { NAME_FILE: '' }, { OTHER: 'x' }])
    expect(readVariable(env, 'NAME')).toBeUndefined();
  expect(readVariable({ NAME: 'value', NAME_FILE: '' }, 'NAME')?.value).toBe('value');
});

test.each([
  [{ NAME: 'hunter2', NAME_FILE: '/none' }, 'NAME_FILE: NAME is given too; give one of them'],
  [{ NAME_FILE: '/none/secret' }, 'NAME_FILE: cannot read the file "/none/secret" (ENOENT)'],
  [{ NAME_FILE: 'hunter2' }, 'NAME_FILE: cannot read the file that was named (ENOENT)'],
])('%j is a mistake, and no value is shown', (env, message) => {
  const error = expect.objectContaining({ code: 'MR_BAD_OPTION', message: expect.stringContaining(message) });
  expect(() => readVariable(env, 'NAME')).toThrow(error);
  expect(() => readVariable(env, 'NAME')).toThrow(/^(?!.*hunter2)/s);
});

test('an empty file is a mistake, since nobody means it', () => {
  const file = fileOf(' \n');
  expect(() => readVariable({ NAME_FILE: file }, 'NAME')).toThrow(`NAME_FILE: the file "${file}" is empty`);
});

test('where Redis is: our own variable first, then REDIS_URL, each also as a file', () => {
  expect(readRedisVariable({})).toBeUndefined();
  const general = { REDIS_URL: 'redis://general' };
  expect(readRedisVariable(general)).toEqual({ variable: 'REDIS_URL', value: 'redis://general' });
  expect(readRedisVariable({ ...general, MARBLERUN_REDIS: 'redis://own' })?.value).toBe('redis://own');
  const file = { ...general, MARBLERUN_REDIS_FILE: fileOf('redis://file') };
  expect(readRedisVariable(file)).toEqual({ variable: 'MARBLERUN_REDIS_FILE', value: 'redis://file' });
});

test.each([
  ['MARBLERUN_REDIS_SERVICE_HOST', '10.0.0.1', true],
  ['MARBLERUN_REDIS_SERVICE_PORT_HTTP', '6379', true],
  ['MARBLERUN_REDIS_PORT_6379_TCP_ADDR', '10.0.0.1', true],
  ['MARBLERUN_REDIS_PORT', 'tcp://10.0.0.1:6379', true],
  ['MARBLERUN_PORT', '9464', false],
  ['MARBLERUN_REDIS', 'tcp://10.0.0.1:6379', false],
])('%s=%s was written by Kubernetes: %p', (name, value, is) => {
  expect(isServiceLink(name, value)).toBe(is);
  expect(readVariable({ [name]: value }, name)?.value).toBe(is ? undefined : value);
});
