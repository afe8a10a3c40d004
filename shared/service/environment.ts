/**
 * Configuration from environment variables, checked as a whole: one error lists every mistake.
 *
 * Each variable may be given as a file instead (`NAME_FILE`), for secrets. A MARBLERUN_ variable
 * that the service does not know is a mistake too: it is most often a misspelt one.
 */
import { readFileSync } from 'node:fs';
import { MarbleRunError } from 'marblerun';
import { mistakeInRedis } from 'marblerun/communicator';
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';

/** A list, so that a new token can be let in before the old one goes; from a file, one a line. */
export const tokens = z
  .string()
  .transform((list) => list.split(/[\s,]+/).filter((token) => token !== ''))
  .refine((list) => list.every((token) => token.length >= 16), 'each token must have at least 16 characters')
  .refine((list) => list.every((token) => /^[A-Za-z0-9._~+/-]+=*$/.test(token)), 'must be A-Z a-z 0-9 . _ ~ + / - only')
  .prefault('');

/** What both services have. `describe` is what docs/CONFIGURATION.md says of it. */
export const commonVariables = {
  MARBLERUN_REDIS: z
    .string()
    .superRefine((value, context) => {
      const mistake = mistakeInRedis(value);
      if (mistake !== undefined) context.addIssue(mistake);
    })
    .default('redis://localhost:6379')
    .describe(
      'Redis of the run: redis://[user:password@]host:port[/db], rediss:// for TLS, the path of a Unix socket, or the long form as JSON (docs/REDIS.md)',
    ),
  MARBLERUN_READ_TOKEN: tokens.describe(
    'bearer token for reads and metrics; without one they are open. Several, for rotation, separated by commas or lines',
  ),
  MARBLERUN_HOST: z.string().min(1).default('0.0.0.0').describe('address to listen on'),
  MARBLERUN_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('least severe log line that is written'),
  MARBLERUN_DRAIN_MS: whole(0, 600_000)
    .default(10_000)
    .describe('ms that a stop may take before the process ends anyway'),
};

/** A whole number, in the words of an environment variable. */
export function whole(min: number, max: number) {
  return z.coerce.number(`must be a whole number from ${min} to ${max}`).int().min(min).max(max);
}

export const port = (standard: number) =>
  whole(0, 65_535).default(standard).describe('port to listen on; 0 for any free one');

/** A number with a default makes an empty variable count as not given, as compose files write it. */
export function readEnvironment<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv = process.env): z.infer<S> {
  const known = Object.keys(schema.shape);
  const mistakes: string[] = [];
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('MARBLERUN_') || value === undefined || value === '') continue;
    const plain = name.endsWith('_FILE') && !known.includes(name) ? name.slice(0, -5) : name;
    if (!known.includes(plain))
      mistakes.push(`${name}: there is no such variable; did you mean ${closest(plain, known)}?`);
    else if (plain === name) given[name] = value;
    else readSecret(name, plain, value, given, mistakes);
  }
  const result = schema.safeParse(given);
  for (const issue of result.error?.issues ?? []) mistakes.push(mistake(issue, given));
  if (mistakes.length > 0 || !result.success) {
    throw new MarbleRunError(
      'MR_BAD_CONFIG',
      `the configuration has ${mistakes.length} mistake(s):\n  ${mistakes.join('\n  ')}\n`,
    );
  }
  return result.data;
}

function readSecret(
  name: string,
  plain: string,
  path: string,
  given: Record<string, string>,
  mistakes: string[],
): void {
  try {
    given[plain] = readFileSync(path, 'utf8').trim();
  } catch (error) {
    mistakes.push(`${name}: cannot read the file "${path}": ${(error as Error).message}`);
  }
}

const SECRET = /TOKEN|PASSWORD|REDIS|LANES/;

function mistake(issue: z.core.$ZodIssue, given: Record<string, string>): string {
  const name = String(issue.path[0] ?? '');
  const value = given[name];
  const shown = value === undefined ? 'not given' : SECRET.test(name) ? 'the value given' : JSON.stringify(value);
  return `${name}: ${shown}: ${issue.message}`;
}
