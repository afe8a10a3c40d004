/**
 * Tells what a refused command was about, for the error that a person reads: which script, which command in it, which
 * key.
 *
 * Redis names only the hash of a script and a line of it, and says nothing about a key of the wrong type. The line is
 * looked up in the text of the script. The types of the keys are asked for after the failure, so a command that works
 * costs nothing. What may go wrong: this user may not ask (TYPE). In that case all keys of the command are named.
 */
import type { Redis } from 'ioredis';
import { MarbleRunError } from '../../errors.js';
import { typeOfKey } from './keys.js';
import { scriptByHash, scriptText, type ScriptName } from './scripts.js';

interface Asked {
  readonly name: string;
  readonly keys: readonly string[];
}

/** The command behind each error of Redis, with its keys and without its data. */
const asked = new WeakMap<object, Asked>();

/** Notes the keys of the command that `cause` answers. It is called before the arguments are taken from `cause`. */
export function noteAsked(cause: unknown): void {
  const { command } = cause as { command?: { name?: string; args: unknown[] } };
  if (!command || asked.has(cause as object) || command.args.length === 0) return;
  const { name = '', args } = command;
  const script = /^eval/i.test(name);
  const keys = script ? args.slice(2, 2 + Number(args[1])) : args.slice(0, 2).filter(isKey);
  asked.set(cause as object, { name, keys: keys.map(String) });
}

const isKey = (arg: unknown) => typeof arg === 'string' && arg.startsWith('mr:{');

/** Names the place: `script "swap", HSET`, or the command alone, or empty where neither is known. */
export function whereOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : '';
  const [, sha, line] = /script: ([0-9a-f]{40}), on @\w+:(\d+)/.exec(message) ?? [];
  const script = sha === undefined ? undefined : scriptByHash(sha);
  const handedOn = / user_script:\d+: /.test(message); // the script caught it and threw it again: its line is not known
  if (script) return `script "${script}", ${handedOn ? commandsIn(script) : commandsAt(script, Number(line))}`;
  return asked.get(cause as object)?.name.toUpperCase() ?? '';
}

/** The same error. Where it is about a wrong type, it also names the keys that have one. */
export async function withKeys(error: MarbleRunError, redis: Redis | undefined): Promise<MarbleRunError> {
  const keys = asked.get(error.cause as object)?.keys;
  if (error.code !== 'MR_REDIS_WRONG_TYPE' || !redis || !keys) return error;
  const types = await Promise.all(keys.map((key) => redis.type(key).catch(() => '')));
  const wrong = keys.flatMap((key, i) => {
    const [is, should] = [types[i], typeOfKey(key)];
    return is === '' || is === 'none' || is === should ? [] : [`${key} is a ${is} and must be a ${should}`];
  });
  const what = wrong.length > 0 ? wrong.join('; ') : `the key is one of ${keys.join(' ')}`;
  const message = error.message.replace(/ \(MR_\w+\)$/, '');
  return new MarbleRunError(error.code, `${message}; ${what}`, { cause: error.cause });
}

/**
 * The commands on a line. Where it has none, those in its function and those passed to that function, or else all of
 * the script.
 */
function commandsAt(script: ScriptName, line: number): string {
  const text = scriptText(script);
  const lines = text.split('\n');
  const direct = named(lines[line - 1] ?? '', 'call\\(');
  if (direct.length > 0) return direct.join(' or ');
  const start = lines.slice(0, line).findLastIndex((one) => one.startsWith('local function ') || one === 'end');
  const name = /^local function (\w+)/.exec(lines[start] ?? '')?.[1];
  if (name === undefined) return commandsIn(script);
  const body = lines.slice(start, lines.indexOf('end', line)).join('\n');
  const around = [...named(text, `${name}\\(`), ...named(body, 'call\\(')];
  return around.length > 0 ? around.join(' or ') : commandsIn(script);
}

function commandsIn(script: ScriptName): string {
  return named(scriptText(script), 'call\\(').join(' or ');
}

/** Command names that stand in the text as a quoted word after `before`. */
function named(text: string, before: string): string[] {
  return [...new Set([...text.matchAll(new RegExp(`${before}'([A-Z]+)'`, 'g'))].map(([, name]) => name!))];
}
