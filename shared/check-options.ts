/**
 * Checks options against a table of rules: unknown names (with the nearest known one), types, ranges.
 */
import { closest, distance } from 'fastest-levenshtein';
import { MarbleRunError } from './errors.js';

/** A rule for an option, and how it is told to people. */
export interface Rule {
  readonly allowed: string;
  readonly test: (value: unknown) => boolean;
}

export type Rules = Readonly<Record<string, Rule>>;

export const whole = (min: number, max = Number.MAX_SAFE_INTEGER): Rule => ({
  allowed: max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`,
  test: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
});

/** In ms, up to what a timer of Node.js can do: longer ones would fire at once. */
export const time = whole(0, 2_147_483_647);

/** In ms, up to a hundred years: what is meant to be later never comes. */
export const delay = whole(0, 3_155_760_000_000);

export const share: Rule = {
  allowed: 'a number from 0 to 1',
  test: (value) => typeof value === 'number' && value >= 0 && value <= 1,
};

export const flag: Rule = { allowed: 'true or false', test: (value) => typeof value === 'boolean' };

export const abortSignal: Rule = {
  allowed: 'an AbortSignal',
  test: (value) => value instanceof AbortSignal,
};

export const oneOf = (...values: readonly string[]): Rule => ({
  allowed: values.map((value) => `"${value}"`).join(' or '),
  test: (value) => typeof value === 'string' && values.includes(value),
});

export const having = (allowed: string, test: (value: unknown) => boolean): Rule => ({ allowed, test });

/** Throws MR_BAD_OPTION naming the option, its value and what is allowed. Options that are undefined count as not given. */
export function checkOptions(where: string, given: unknown, rules: Rules): void {
  if (!isObjectOfOptions(given)) {
    const what = typeof given === 'string' ? 'text' : shown(given); // text may be a URL with a password
    refuse(where, what, `an object of options, such as { ${Object.keys(rules)[0]}: … }`);
  }
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) unknown(where, name, Object.keys(rules));
    if (value !== undefined && !rule.test(value)) bad(`${where}.${name}`, value, rule.allowed);
  }
}

/** A Promise, a Map or an array has no options that anybody gave. */
function isObjectOfOptions(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** Throws MR_BAD_OPTION. */
export function bad(name: string, value: unknown, allowed: string): never {
  refuse(name, shown(value), allowed);
}

function refuse(name: string, what: string, allowed: string): never {
  throw new MarbleRunError('MR_BAD_OPTION', `${name}: ${what} is not allowed; allowed: ${allowed}`);
}

function unknown(where: string, name: string, known: string[]): never {
  const nearest = closest(name, known);
  const hint =
    distance(name, nearest) <= Math.max(2, name.length / 3)
      ? `did you mean "${nearest}"?`
      : `known: ${known.join(', ')}`;
  throw new MarbleRunError('MR_BAD_OPTION', `${where}.${name}: there is no such option; ${hint}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === 'Object') return 'an object';
  return /^[AEIO]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}
