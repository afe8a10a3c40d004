/**
 * The Lua scripts: which there are, and how a file becomes a command of ioredis.
 *
 * A line `-- include a b` in a file names the parts of `lua/lib` that it builds on. They are put in its place. ioredis
 * sends the hash and, where Redis has forgotten the script (a restart, SCRIPT FLUSH), the text.
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { beside } from '../../beside.js';
import type { RunKeys } from './keys.js';
import { luaTexts } from './lua-texts.js';
import { namesIn, placed, type AnyCall, type ScriptNames } from './script-names.js';
import type { ScriptArg, ScriptBufferReply, ScriptCall, ScriptKey, ScriptName, ScriptReply } from './script-types.js';

export type { ScriptArg, ScriptCall, ScriptKey, ScriptName, ScriptReply } from './script-types.js';

/**
 * Parts for sending and finishing members of batches. Commands without members run without these, and pay nothing for
 * them.
 */
const MEMBERS = ['batches', 'booking', 'members'];

interface Script {
  readonly file: string;
  /**
   * True where the script may run when Redis is over its maxmemory. That is so where it frees memory or keeps a holder
   * alive. A script that adds marbles is refused as a whole instead.
   */
  readonly allowOom: boolean;
  /** Parts that it builds on beside those that its file names. */
  readonly also?: readonly string[];
}

const SCRIPTS = {
  push: { file: 'push', allowOom: false },
  pushAny: { file: 'pushAny', allowOom: false },
  pushMembers: { file: 'pushAny', allowOom: false, also: MEMBERS },
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
  nextDue: { file: 'nextDue', allowOom: true },
  clock: { file: 'clock', allowOom: true },
  clamp: { file: 'clamp', allowOom: true },
  rewind: { file: 'rewind', allowOom: true },
  promote: { file: 'promote', allowOom: true },
  orphans: { file: 'orphans', allowOom: true },
  depths: { file: 'depths', allowOom: true },
  strays: { file: 'strays', allowOom: true },
  settle: { file: 'settle', allowOom: true },
  expire: { file: 'expire', allowOom: true },
  prune: { file: 'prune', allowOom: true },
  lift: { file: 'lift', allowOom: true },
  watch: { file: 'watch', allowOom: true },
  audit: { file: 'audit', allowOom: true },
  rights: { file: 'rights', allowOom: true },
  epoch: { file: 'epoch', allowOom: true },
  land: { file: 'land', allowOom: false },
  open: { file: 'open', allowOom: false },
  seal: { file: 'seal', allowOom: true },
  cancel: { file: 'cancel', allowOom: true },
  discard: { file: 'discard', allowOom: true },
  progress: { file: 'progress', allowOom: true },
  present: { file: 'present', allowOom: true },
  forget: { file: 'forget', allowOom: true },
} satisfies Record<ScriptName, Script>;

/** Reads the file, as seen from dist/communicator/redis/. A bundle has no files: it has the text that was built in. */
function read(name: string): string {
  const file = beside(import.meta.url, `../../../communicator/lua/${name}.lua`);
  const text = file ? readFileSync(file, 'utf8') : luaTexts[name];
  if (text === undefined) throw new Error(`${name}.lua is missing: this copy of marblerun is incomplete`);
  return text;
}

export function scriptText(name: ScriptName): string {
  const { file, allowOom, also }: Script = SCRIPTS[name];
  return expanded(file, allowOom ? 'allow-oom' : '', read, also);
}

/** Expands a script. `read` gives the text of a file. */
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

/** The commands that a script runs, in small letters. */
export function scriptCommands(name: ScriptName): Set<string> {
  const calls = scriptText(name).matchAll(/\b(?:redis\.p?call|pushAll)\(\s*'([A-Z]+)'/g);
  return new Set([...calls].map(([, command]) => command!.toLowerCase()));
}

interface Loaded {
  readonly lua: string;
  readonly names: ScriptNames;
}

let loaded: Map<ScriptName, Loaded> | undefined;

function scripts(): ReadonlyMap<ScriptName, Loaded> {
  return (loaded ??= new Map(
    scriptNames().map((name) => {
      const lua = scriptText(name);
      return [name, { lua, names: namesIn(lua) }];
    }),
  ));
}

/** Teaches a connection all scripts. They are called with {@link callScript}. */
export function defineScripts(redis: Redis): void {
  for (const [name, { lua }] of scripts()) redis.defineCommand(`mr_${name}`, { lua });
}

/** Calls a script of this run. Its texts are strings; with `callScriptBuffer`, Buffers. */
export function callScript<Name extends ScriptName>(
  redis: Redis,
  run: RunKeys,
  name: Name,
  call: ScriptCall<Name>,
): Promise<ScriptReply<Name>> {
  const { keyCount, keys, args } = placedCall(run, name, call);
  return scripted(redis)[`mr_${name}`]!(keyCount, keys, args) as Promise<ScriptReply<Name>>;
}

export function callScriptBuffer<Name extends ScriptName>(
  redis: Redis,
  run: RunKeys,
  name: Name,
  call: ScriptCall<Name>,
): Promise<ScriptBufferReply<Name>> {
  const { keyCount, keys, args } = placedCall(run, name, call);
  return scripted(redis)[`mr_${name}Buffer`]!(keyCount, keys, args) as Promise<ScriptBufferReply<Name>>;
}

/**
 * Scripts as methods of a client. They take lists as they are, not spread: a call has room for some hundred thousand
 * arguments, a command for more.
 */
type Scripted = Record<string, (keyCount: number, keys: ScriptKey[], args: ScriptArg[]) => Promise<unknown>>;

function scripted(redis: Redis): Scripted {
  return redis as unknown as Scripted;
}

function placedCall(run: RunKeys, name: ScriptName, call: AnyCall) {
  return placed(name, scripts().get(name)!.names, run, call);
}
