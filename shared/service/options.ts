/**
 * The options of a service that a program starts: each variable of its environment, in camel case.
 *
 * So there is one set of names, rules and defaults: `MARBLERUN_SWEEP_MS` is `sweepMs`. Mistakes are reported as
 * mistakes of options, MR_BAD_OPTION.
 */
import { MarbleRunError, isMarbleRunError } from 'marblerun';

/** Variables that such a service still takes from the environment, as every client does. */
const FROM_ENVIRONMENT = ['MARBLERUN_REDIS', 'MARBLERUN_REDIS_FILE', 'MARBLERUN_RUN'];

export function variablesOf(options: object, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const variables: NodeJS.ProcessEnv = {};
  for (const name of FROM_ENVIRONMENT) variables[name] = env[name];
  if (!env['MARBLERUN_REDIS'] && !env['MARBLERUN_REDIS_FILE']) variables['MARBLERUN_REDIS'] = env['REDIS_URL'];
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) variables[variable(name)] = asText(value);
  }
  if ('redis' in options && options.redis !== undefined) delete variables['MARBLERUN_REDIS_FILE'];
  return variables;
}

/** Calls `read`, and reports its mistakes in terms of the options that the caller gave. Throws MR_BAD_OPTION. */
export function readOptions<T>(caller: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isMarbleRunError(error, 'MR_BAD_CONFIG')) throw error;
    const text = error.message.replace(/ \(MR_BAD_CONFIG\)$/, '').trim();
    const words = text.replace(/MARBLERUN_[A-Z_]+/g, option).replaceAll('no such variable', 'no such option');
    throw new MarbleRunError('MR_BAD_OPTION', `${caller}: ${words}`, { cause: error });
  }
}

function asText(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const variable = (name: string) => `MARBLERUN_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

function option(name: string): string {
  const words = name.replace('MARBLERUN_', '').toLowerCase();
  return words.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
