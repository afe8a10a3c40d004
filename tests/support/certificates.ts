/**
 * A certificate authority for a test, and certificates signed by it: files in PEM, made by openssl.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Authority {
  readonly caFile: string;
  /**
   * Signs a certificate. `altNames` are in openssl's form: `DNS:localhost,IP:127.0.0.1`. Negative `days` make it out of
   * date.
   */
  sign(name: string, altNames?: string, days?: number): Promise<Certificate>;
}

export async function makeAuthority(): Promise<Authority> {
  const dir = await mkdtemp(join(tmpdir(), 'marblerun-tls-'));
  const at = (name: string) => join(dir, name);
  const [caFile, caKey] = [at('ca.crt'), at('ca.key')];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await run('openssl', [
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    caKey,
    '-out',
    caFile,
    '-subj',
    '/CN=test authority',
    '-days',
    '2',
  ]);
  return {
    caFile,
    async sign(name, altNames = 'DNS:localhost,IP:127.0.0.1', days = 2) {
      const [keyFile, request, certFile, extensions] = ['key', 'csr', 'crt', 'ext'].map((end) =>
        at(`${name}.${end}`),
      ) as [string, string, string, string];
      await writeFile(extensions, `subjectAltName=${altNames}\n`);
      await run('openssl', ['req', ...newKey, '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`]);
      const by = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-extfile', extensions, '-days', String(days)];
      await run('openssl', ['x509', '-req', '-in', request, '-out', certFile, ...by]);
      return { certFile, keyFile };
    },
  };
}
