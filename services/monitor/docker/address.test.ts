/** Mistakes in where an engine is: each is found at the start, and named. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeAuthority } from '@marblerun/test-support';
import { readConfig } from '../config.js';
import { describeEngine } from './address.js';

let certs: string;
beforeAll(async () => {
  certs = mkdtempSync(join(tmpdir(), 'marblerun-certs-'));
  const authority = await makeAuthority();
  const { certFile, keyFile } = await authority.sign('monitor');
  copyFileSync(authority.caFile, join(certs, 'ca.pem'));
  copyFileSync(certFile, join(certs, 'cert.pem'));
  copyFileSync(keyFile, join(certs, 'key.pem'));
});
afterAll(() => rmSync(certs, { recursive: true }));

const read = (docker: string, folder = '') =>
  readConfig({ MARBLERUN_DOCKER: docker, MARBLERUN_DOCKER_CERTS: folder }).docker;

test.each([
  ['unix:///var/run/docker.sock', false],
  ['tcp://engine:2376', true],
  ['tcp://[::1]:1', true],
])('%s is understood', (address, hasTls) => {
  const docker = read(address, hasTls ? certs : '');
  expect(describeEngine(docker!)).toBe(address);
});

test('without a port it is that of TLS; without an address nobody is asked', () => {
  expect(read('tcp://engine', certs)).toMatchObject({ host: 'engine', port: 2376 });
  expect(read('')).toBeUndefined();
});

const FORMS = 'must be unix:///path/of/the/socket, or tcp://host:port with MARBLERUN_DOCKER_CERTS';
test.each([
  ['/var/run/docker.sock', FORMS],
  ['unix://docker.sock', FORMS],
  ['unix://', FORMS],
  ['http://engine:2375', FORMS],
  ['ssh://me@engine', FORMS],
  ['tcp://', FORMS],
  ['tcp://engine:99999', FORMS],
  ['tcp://engine:2376/path', FORMS],
  [`unix:///${'x'.repeat(107)}`, 'the path of a socket has at most 107 bytes'],
])('%s is refused', (address, why) => {
  expect(() => read(address, address.startsWith('tcp') ? certs : '')).toThrow(
    expect.objectContaining({ code: 'MR_BAD_CONFIG', message: expect.stringContaining(why) }),
  );
});

test.each(['tcp://engine:2375', 'tcp://127.0.0.1:2375', 'tcp://[::1]:2376'])('%s without TLS is refused', (address) => {
  expect(() => read(address)).toThrow(
    expect.objectContaining({
      code: 'MR_BAD_CONFIG',
      message: expect.stringContaining(`MARBLERUN_DOCKER: "${address}": needs TLS`),
    }),
  );
});

test('a password is never shown', () => {
  expect(() => read('tcp://me:hunter2@engine:2376', certs)).toThrow(/^(?!.*hunter2)[^]*the value given: must be unix/);
});

test('certificates are for an address only', () => {
  expect(() => read('unix:///var/run/docker.sock', certs)).toThrow(
    /MARBLERUN_DOCKER_CERTS: .*: is only for a MARBLERUN_DOCKER of the form tcp/,
  );
});

test('a folder without them, and a file that is none, are named, and what is in it is not shown', () => {
  expect(() => read('tcp://engine', '/nowhere')).toThrow(
    /MARBLERUN_DOCKER_CERTS: .*cannot read \/nowhere\/ca\.pem \(ENOENT\)/,
  );
  const folder = mkdtempSync(join(tmpdir(), 'marblerun-certs-'));
  for (const name of ['ca.pem', 'cert.pem']) copyFileSync(join(certs, name), join(folder, name));
  writeFileSync(join(folder, 'key.pem'), 'hunter2');
  expect(() => read('tcp://engine', folder)).toThrow(/^(?!.*hunter2)[^]*key\.pem is not what its name says, in PEM/);
  rmSync(folder, { recursive: true });
});
