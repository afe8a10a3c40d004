/**
 * The Lua scripts: which there are, how a file becomes a command of ioredis.
 *
 * A file names the parts of `lua/lib` that it stands on in a line `-- include a b`; they are put in
 * its place. ioredis sends the hash and, where Redis has forgotten the script (a restart, SCRIPT
 * FLUSH), the text.
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { beside } from '../beside.js';
import { luaTexts } from './lua-texts.js';

/** Parts for what sends or finishes members of batches: what has none runs without them, and pays nothing. */
const MEMBERS = ['batches', 'members'];

interface Script {
  readonly file: string;
  /**
   * It may run when Redis is over its maxmemory. Set where the script frees memory or keeps
   * a holder alive; a script that adds marbles is refused as a whole instead.
   */
  readonly allowOom: boolean;
  /** Parts that it stands on beside those that its file names. */
  readonly also?: readonly string[];
}

const SCRIPTS = {
  send: { file: 'send', allowOom: false },
  dispatch: { file: 'dispatch', allowOom: false },
  dispatchMembers: { file: 'dispatch', allowOom: false, also: MEMBERS },
  pop: { file: 'pop', allowOom: true },
  transfer: { file: 'transfer', allowOom: true },
  destroy: { file: 'destroy', allowOom: true },
  enter: { file: 'enter', allowOom: true },
  beat: { file: 'beat', allowOom: true },
  wait: { file: 'wait', allowOom: true },
  pulse: { file: 'pulse', allowOom: true },
  gone: { file: 'gone', allowOom: true },
  lapse: { file: 'lapse', allowOom: true },
  swap: { file: 'swap', allowOom: true },
  swapRouting: { file: 'swap', allowOom: false },
  swapMembers: { file: 'swap', allowOom: true, also: MEMBERS },
  swapMembersRouting: { file: 'swap', allowOom: false, also: MEMBERS },
  begin: { file: 'begin', allowOom: true },
  giveback: { file: 'giveback', allowOom: true },
  reclaim: { file: 'reclaim', allowOom: true },
  overdue: { file: 'overdue', allowOom: true },
  due: { file: 'due', allowOom: true },
  clock: { file: 'clock', allowOom: true },
  clamp: { file: 'clamp', allowOom: true },
  rewind: { file: 'rewind', allowOom: true },
  promote: { file: 'promote', allowOom: true },
  orphans: { file: 'orphans', allowOom: true },
  lines: { file: 'lines', allowOom: true },
  bury: { file: 'bury', allowOom: true },
  exhume: { file: 'exhume', allowOom: true },
  expire: { file: 'expire', allowOom: true },
  prune: { file: 'prune', allowOom: true },
  lift: { file: 'lift', allowOom: true },
  watch: { file: 'watch', allowOom: true },
  audit: { file: 'audit', allowOom: true },
  rights: { file: 'rights', allowOom: true },
  renew: { file: 'renew', allowOom: true },
  land: { file: 'land', allowOom: false },
  open: { file: 'open', allowOom: false },
  seal: { file: 'seal', allowOom: true },
  cancel: { file: 'cancel', allowOom: true },
  discard: { file: 'discard', allowOom: true },
  progress: { file: 'progress', allowOom: true },
  present: { file: 'present', allowOom: true },
  forget: { file: 'forget', allowOom: true },
} satisfies Record<string, Script>;

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptArg = string | number | Buffer;
/** A Buffer where the name of a key may be no text. */
export type ScriptKey = string | Buffer;

/** The file, as seen from dist/communicator/; in a bundle, which has none, the text that was built in. */
function read(name: string): string {
  const file = beside(import.meta.url, `../../communicator/lua/${name}.lua`);
  const text = file ? readFileSync(file, 'utf8') : luaTexts[name];
  if (text === undefined) throw new Error(`${name}.lua is missing: this copy of marblerun is incomplete`);
  return text;
}

export function scriptText(name: ScriptName): string {
  const { file, allowOom, also }: Script = SCRIPTS[name];
  return expanded(file, allowOom ? 'allow-oom' : '', read, also);
}

/** `read` gives the text of a file. */
export function expanded(
  file: string,
  flags: string,
  read: (name: string) => string,
  also: readonly string[] = [],
): string {
  const body = read(file).replace(/^-- include (.+)$/m, (_, parts: string) =>
    [...parts.split(' '), ...also].map((part) => read(`lib/${part}`)).join(''),
  );
  return `#!lua flags=${flags}\n${body}`;
}

export function scriptNames(): ScriptName[] {
  return Object.keys(SCRIPTS) as ScriptName[];
}

/** The commands that it runs, in small letters. */
export function scriptCommands(name: ScriptName): Set<string> {
  const calls = scriptText(name).matchAll(/\b(?:redis\.p?call|pushAll)\(\s*'([A-Z]+)'/g);
  return new Set([...calls].map(([, command]) => command!.toLowerCase()));
}

let texts: Map<ScriptName, string> | undefined;

/** Teaches a connection all scripts; call them with {@link callScript}. */
export function defineScripts(redis: Redis): void {
  texts ??= new Map(scriptNames().map((name) => [name, scriptText(name)]));
  for (const [name, lua] of texts) redis.defineCommand(`mr_${name}`, { lua });
}

/** Lists are passed as they are and not spread: a call has room for some hundred thousand arguments, a command for more. */
type Scripted = Record<string, (keyCount: number, keys: ScriptKey[], args: ScriptArg[]) => Promise<unknown>>;

/** Replies are strings; with `callScriptBuffer`, Buffers. */
export function callScript(redis: Redis, name: ScriptName, keys: ScriptKey[], args: ScriptArg[]): Promise<unknown> {
  return (redis as unknown as Scripted)[`mr_${name}`]!(keys.length, keys, args);
}

export function callScriptBuffer(redis: Redis, name: ScriptName, keys: string[], args: ScriptArg[]): Promise<unknown> {
  return (redis as unknown as Scripted)[`mr_${name}Buffer`]!(keys.length, keys, args);
}
