/**
 * The names that a script gives to its keys and arguments, and where these lie: read from the statements that bind them, so
 * that their order is in the script alone.
 *
 * Such a statement stands at the top of a script or of a part of it, as `local HOLDERS, HOLDER = unpack(KEYS, 8, 9)` or
 * `local holder = ARGV[1]`; the keys that are last of all are bound by `unpack(KEYS, #KEYS - 4)`. Lists follow what has a
 * name.
 */
import type { RunKeys } from './keys.js';
import type { ScriptArg, ScriptKey } from './script-types.js';

export interface ScriptNames {
  /** Keys in small letters, as they are called in TypeScript. */
  readonly keys: readonly string[];
  /** Keys behind all lists. */
  readonly lastKeys: readonly string[];
  readonly args: readonly string[];
}

const BINDING = /^local (\w+(?:,\s+\w+)*) =\s+(?:unpack\((KEYS|ARGV), (#KEYS - )?(\d+)|(KEYS|ARGV)\[(\d+)\])/gm;

/** `text`: with all parts that it includes. */
export function namesIn(text: string): ScriptNames {
  const keys: string[] = [];
  const lastKeys: string[] = [];
  const args: string[] = [];
  for (const [, list = '', several, fromEnd, first, one, place] of text.matchAll(BINDING)) {
    const isKeys = (several ?? one) === 'KEYS';
    const names = (isKeys ? list.toLowerCase() : list).split(/,\s+/);
    if (fromEnd !== undefined) lastKeys.push(...names);
    else names.forEach((name, i) => ((isKeys ? keys : args)[Number(first ?? place) - 1 + i] = name));
  }
  return { keys, lastKeys, args };
}

/** A call of whichever script. */
export interface AnyCall {
  readonly keys?: Readonly<Record<string, ScriptKey>> | undefined;
  readonly moreKeys?: readonly ScriptKey[];
  readonly args?: Readonly<Record<string, ScriptArg>> | undefined;
  readonly moreArgs?: readonly ScriptArg[];
}

/**
 * A call with all in its place. It is a class, and its lists are not literals either, because V8 soon takes literals that
 * are under way for long-lived (docs/PERFORMANCE.md). These would then keep the marbles that they name.
 */
export class Placed {
  constructor(
    readonly keys: readonly ScriptKey[],
    readonly args: readonly ScriptArg[],
    /** How parts of it are written, where that is known. */
    readonly written?: Written,
  ) {}
}

export interface Written {
  /** The number of keys, and the keys. */
  readonly keys: string;
  /** Each argument, or undefined where it is to be written yet. Those behind the last are too. */
  readonly args: readonly (string | undefined)[];
  /** The call as an error shows it: hash, number of keys, keys. */
  readonly shown: (string | number)[];
}

/** Puts each value in the place of its name. Throws where one is missing. */
export function placed(script: string, names: ScriptNames, run: RunKeys, call: AnyCall): Placed {
  const keyOf = (name: string) => call.keys?.[name] ?? runKey(run, name) ?? missing(script, 'key', name);
  const keys = names.keys.map(keyOf);
  if (call.moreKeys) for (const key of call.moreKeys) keys.push(key);
  for (const name of names.lastKeys) keys.push(keyOf(name));
  const args = names.args.map((name) => call.args?.[name] ?? missing(script, 'argument', name));
  if (call.moreArgs) for (const arg of call.moreArgs) args.push(arg);
  return new Placed(keys, args);
}

/** A key that every run has, under its name. */
function runKey(run: RunKeys, name: string): string | undefined {
  const key = (run as Readonly<Record<string, unknown>>)[name];
  return typeof key === 'string' ? key : undefined;
}

/** Throws: it was not given. */
export function missing(script: string, what: 'key' | 'argument', name: string): never {
  throw new Error(`script "${script}": its ${what} "${name}" is missing`);
}
