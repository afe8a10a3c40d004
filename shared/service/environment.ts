/**
 * Reads configuration from environment variables and checks it as a whole: one error lists every mistake.
 *
 * Each variable may be given as a file instead (`NAME_FILE`), for secrets. A MARBLERUN_ variable that the service does
 * not know is a mistake too, since it is probably misspelt.
 */
import { MarbleRunError } from 'marblerun';
import { isServiceLink, mistakeInRedis, readRedisVariable, readVariable, type Given } from 'marblerun/communicator';
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { hostPatterns } from './hosts.js';
import { tokens } from './tokens.js';

/** The variables that both services have. The text of `describe` goes into docs/CONFIGURATION.md. */
export const commonVariables = {
  MARBLERUN_REDIS: z
    .string()
    .superRefine((value, context) => {
      const mistake = mistakeInRedis(value);
      if (mistake !== undefined) context.addIssue(mistake);
    })
    .default('redis://localhost:6379')
    .describe(
      'Redis of the run: redis://[user:password@]host:port[/db], rediss:// for TLS, the path of a Unix socket, or the long form as JSON (docs/REDIS.md). `REDIS_URL` is used where this is not set',
    ),
  MARBLERUN_READ_TOKEN: tokens.describe(
    'bearer token for reads and metrics, or name:token; without one, they are open. Several tokens, for rotation, are separated by commas or lines',
  ),
  MARBLERUN_HOST: z
    .string()
    .trim()
    .min(1, 'must be an address or a host name')
    .default('0.0.0.0')
    .describe('address to listen on'),
  MARBLERUN_HOSTS: hostPatterns.describe(
    'further names by which this service may be called, separated by commas; `*` stands for anything. IP addresses, localhost and its own names are always allowed',
  ),
  MARBLERUN_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('lowest level of log lines that are written'),
  MARBLERUN_DRAIN_MS: wholeNumber(0, 600_000)
    .default(10_000)
    .describe('ms that a stop may take before the process ends anyway'),
};

/** A whole number, in decimal digits. */
export function wholeNumber(min: number, max: number) {
  const allowed = `must be a whole number from ${min} to ${max}`;
  return z
    .union(
      [
        z
          .string()
          .regex(/^\d{1,15}$/, allowed)
          .transform(Number),
        z.number(),
      ],
      allowed,
    )
    .pipe(z.int(allowed).min(min, allowed).max(max, allowed));
}

export const port = (standard: number) =>
  wholeNumber(0, 65_535).default(standard).describe('port to listen on; 0 for any free one');

/** Reads all variables; one that is not given has its default. Throws MR_BAD_CONFIG. */
export function readEnvironment<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv = process.env): z.infer<S> {
  const known = Object.keys(schema.shape);
  const mistakes = unknownVariables(known, env);
  const given = new Map<string, Given>();
  for (const name of known) {
    try {
      const found = name === 'MARBLERUN_REDIS' ? readRedisVariable(env) : readVariable(env, name);
      if (found) given.set(name, found);
    } catch (error) {
      mistakes.push((error as Error).message);
    }
  }
  const result = schema.safeParse(Object.fromEntries([...given].map(([name, { value }]) => [name, value])));
  for (const issue of result.error?.issues ?? []) mistakes.push(mistake(issue, given));
  if (mistakes.length > 0 || !result.success) {
    throw new MarbleRunError(
      'MR_BAD_CONFIG',
      `the configuration has ${mistakes.length} mistake(s):\n  ${mistakes.join('\n  ')}\n`,
    );
  }
  return result.data;
}

function unknownVariables(known: readonly string[], env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (!name.startsWith('MARBLERUN_') || value === undefined || value === '' || isServiceLink(name, value)) return [];
    if (known.includes(name) || (name.endsWith('_FILE') && known.includes(name.slice(0, -5)))) return [];
    return [`${name}: there is no such variable; did you mean ${closest(name, [...known])}?`];
  });
}

const SECRET = /TOKEN|PASSWORD|REDIS|LANES|_FILE$/;
/** The form of an address with a password. */
const WITH_LOGIN = /:\/\/[^/]*@/;

function mistake(issue: z.core.$ZodIssue, given: ReadonlyMap<string, Given>): string {
  const name = String(issue.path[0] ?? '');
  const { variable, value } = given.get(name) ?? { variable: name, value: undefined };
  const isSecret = SECRET.test(variable) || WITH_LOGIN.test(value ?? '');
  const shown = value === undefined ? 'not given' : isSecret ? 'the value given' : JSON.stringify(value);
  return `${variable}: ${shown}: ${issue.message}`;
}
