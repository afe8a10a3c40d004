/**
 * Reads environment variables, in the same way for clients and services. Each may be given as a file instead
 * (`NAME_FILE`).
 *
 * What may go wrong: a variable and its file are both given, or the file cannot be read or is empty. Messages name the
 * variable and never show what a file holds. Kubernetes adds variables for a service whose name begins with `marblerun`
 * (`MARBLERUN_MONITOR_PORT=tcp://…`). These are ignored.
 */
import { readFileSync } from 'node:fs';
import { MarbleRunError } from '../../errors.js';
import { fileWithTrouble } from './files.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Given {
  /** The variable that the value came from. */
  readonly variable: string;
  readonly value: string;
}

/** The variables for Redis in this order: the first that is given counts. */
const REDIS_VARIABLES = ['MARBLERUN_REDIS', 'REDIS_URL'] as const;

const LINK = /_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$/;
const LINK_PORT = /^(tcp|udp|sctp):\/\//;

/** Tells whether Kubernetes wrote this variable, for a service of that name. */
export function isServiceLink(name: string, value: string): boolean {
  return LINK.test(name) || (name.endsWith('_PORT') && LINK_PORT.test(value));
}

/**
 * Reads a variable. An empty one counts as not given, since compose files write it so; an empty file is a mistake.
 * Throws MR_BAD_OPTION.
 */
export function readVariable(env: Environment, name: string): Given | undefined {
  const [value, path] = [env[name], env[`${name}_FILE`]];
  const isGiven = value !== undefined && value !== '' && !isServiceLink(name, value);
  if (path === undefined || path === '') return isGiven ? { variable: name, value } : undefined;
  if (isGiven) mistake(`${name}_FILE: ${name} is given too; give one of them`);
  return { variable: `${name}_FILE`, value: readFile(`${name}_FILE`, path) };
}

/** Reads where Redis is, as a text for `parseRedis`. Throws MR_BAD_OPTION. */
export function readRedisVariable(env: Environment): Given | undefined {
  for (const name of REDIS_VARIABLES) {
    const given = readVariable(env, name);
    if (given) return given;
  }
  return undefined;
}

function readFile(variable: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    mistake(`${variable}: cannot read ${fileWithTrouble(path, error)}`);
  }
  if (text === '') mistake(`${variable}: the file "${path}" is empty`);
  return text;
}

function mistake(message: string): never {
  throw new MarbleRunError('MR_BAD_OPTION', message);
}
