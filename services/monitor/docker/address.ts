/**
 * Reads where the Docker engine is: a Unix socket, or an address with TLS.
 *
 * Whoever may ask an engine for anything is root on its machine, so an address without TLS is refused, on loopback too.
 * What may go wrong: the address has another form, or a file of the certificates cannot be read or is none. Both are
 * mistakes of the configuration, found at the start.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';

/** The certificates by which this Monitor and an engine know each other. */
export interface EngineCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Where an engine is, by its address alone. */
export interface EnginePlace {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
}

export type EngineAddress =
  { readonly socketPath: string } | { readonly host: string; readonly port: number; readonly tls: EngineCertificates };

const FORMS = 'must be unix:///path/of/the/socket, or tcp://host:port with MARBLERUN_DOCKER_CERTS';
const TLS_PORT = 2376;
/** The longest path of a Unix socket that Linux takes. */
const LONGEST_PATH = 107;

const place = z.string().transform((text, context): EnginePlace => {
  const parsed = readPlace(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue(parsed);
  return {};
});

const certificates = z.string().transform((folder, context): EngineCertificates | undefined => {
  try {
    return readCertificates(folder);
  } catch (error) {
    context.addIssue((error as Error).message);
    return undefined;
  }
});

/** The variables of the engine. The text of `describe` goes into docs/CONFIGURATION.md. */
export const engineVariables = {
  MARBLERUN_DOCKER: place
    .optional()
    .describe(
      'Docker engine that tells which containers end: `unix:///var/run/docker.sock`, or `tcp://host:2376` with `MARBLERUN_DOCKER_CERTS` (docs/RECOVERY.md). Without it nobody asks Docker',
    ),
  MARBLERUN_DOCKER_CERTS: certificates
    .optional()
    .describe(
      'folder with `ca.pem`, `cert.pem` and `key.pem`, by which the Monitor and an engine at a `tcp` address know each other',
    ),
};

/** The values of these variables, as they were read. */
export interface EngineSettings {
  readonly MARBLERUN_DOCKER?: EnginePlace | undefined;
  readonly MARBLERUN_DOCKER_CERTS?: EngineCertificates | undefined;
}

interface EngineMistake {
  readonly variable: keyof EngineSettings;
  readonly mistake: string;
}

/** Finds what is wrong with both variables together. */
export function checkEngine({
  MARBLERUN_DOCKER: at,
  MARBLERUN_DOCKER_CERTS: tls,
}: EngineSettings): EngineMistake | undefined {
  if (at?.host !== undefined && !tls)
    return {
      variable: 'MARBLERUN_DOCKER',
      mistake:
        'needs TLS, because whoever may ask an engine is root on its machine: give MARBLERUN_DOCKER_CERTS, or a Unix socket',
    };
  if (tls && at?.host === undefined)
    return {
      variable: 'MARBLERUN_DOCKER_CERTS',
      mistake: 'is only for a MARBLERUN_DOCKER of the form tcp://host:port',
    };
  return undefined;
}

/** Returns the address, once `checkEngine` has found nothing; undefined where no engine is to be asked. */
export function engineAddress({
  MARBLERUN_DOCKER: at,
  MARBLERUN_DOCKER_CERTS: tls,
}: EngineSettings): EngineAddress | undefined {
  if (at?.socketPath !== undefined) return { socketPath: at.socketPath };
  return at?.host !== undefined && tls ? { host: at.host, port: at.port ?? TLS_PORT, tls } : undefined;
}

/** Shows an address in logs and messages. */
export function describeEngine(address: EngineAddress): string {
  if ('socketPath' in address) return `unix://${address.socketPath}`;
  const { host, port } = address;
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Returns the place, or what is wrong with the text. */
function readPlace(text: string): EnginePlace | string {
  if (text.startsWith('unix://')) return readSocket(text.slice('unix://'.length));
  if (!text.startsWith('tcp://')) return FORMS;
  const address = text.replace(/^tcp/, 'http');
  if (!URL.canParse(address)) return FORMS;
  const url = new URL(address);
  if (url.username || url.password || url.search || url.hash || url.pathname !== '/') return FORMS;
  const [, port] = /:(\d+)\/?$/.exec(text) ?? [];
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? TLS_PORT : Number(port) };
}

function readSocket(path: string): EnginePlace | string {
  if (!isAbsolute(path)) return FORMS;
  return Buffer.byteLength(path) > LONGEST_PATH
    ? `the path of a socket has at most ${LONGEST_PATH} bytes`
    : { socketPath: path };
}

/** Reads the three files. Throws an error that names the one that is wrong, and never shows what is in it. */
function readCertificates(folder: string): EngineCertificates {
  const read = (name: string, check: (pem: string) => unknown): string => {
    const path = join(folder, name);
    let pem: string;
    try {
      pem = readFileSync(path, 'utf8');
    } catch (error) {
      throw new Error(`cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? 'not readable'})`, {
        cause: error,
      });
    }
    try {
      check(pem);
    } catch (error) {
      throw new Error(`${path} is not what its name says, in PEM`, { cause: error });
    }
    return pem;
  };
  const isCertificate = (pem: string) => new X509Certificate(pem);
  return {
    ca: read('ca.pem', isCertificate),
    cert: read('cert.pem', isCertificate),
    key: read('key.pem', createPrivateKey),
  };
}
