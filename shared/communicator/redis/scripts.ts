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
  /** The file, where it has not the name of the script. */
  readonly file?: string;
  /**
   * True where the script may run when Redis is over its maxmemory. That is so where it frees memory or keeps a holder
   * alive. A script that adds marbles is refused as a whole instead.
   */
  readonly allowOom: boolean;
  /** Parts that it builds on beside those that its file names. */
  readonly also?: readonly string[];
}

const SCRIPTS = {
  push: { allowOom: false },
  pushAny: { allowOom: false },
  pushMembers: { file: 'pushAny', allowOom: false, also: MEMBERS },
  pop: { allowOom: true },
  transfer: { allowOom: true },
  destroy: { allowOom: true },
  enter: { allowOom: true },
  beat: { allowOom: true },
  wait: { allowOom: true },
  pulse: { allowOom: true },
  gone: { allowOom: true },
  lapse: { allowOom: true },
  swap: { allowOom: true },
  swapRouting: { file: 'swap', allowOom: false },
  swapMembers: { file: 'swap', allowOom: true, also: MEMBERS },
  swapMembersRouting: { file: 'swap', allowOom: false, also: MEMBERS },
  begin: { allowOom: true },
  giveback: { allowOom: true },
  reclaim: { allowOom: true },
  overdue: { allowOom: true },
  due: { allowOom: true },
  nextDue: { allowOom: true },
  clock: { allowOom: true },
  clamp: { allowOom: true },
  rewind: { allowOom: true },
  promote: { allowOom: true },
  orphans: { allowOom: true },
  depths: { allowOom: true },
  strays: { allowOom: true },
  settle: { allowOom: true },
  expire: { allowOom: true },
  prune: { allowOom: true },
  lift: { allowOom: true },
  watch: { allowOom: true },
  audit: { allowOom: true },
  rights: { allowOom: true },
  epoch: { allowOom: true },
  land: { allowOom: false },
  open: { allowOom: false },
  seal: { allowOom: true },
  cancel: { allowOom: true },
  discard: { allowOom: true },
  progress: { allowOom: true },
  present: { allowOom: true },
  forget: { allowOom: true },
} satisfies Record<ScriptName, Script>;

/** Reads the file, as seen from dist/communicator/redis/. A bundle has no files: it has the text that was built in. */
function read(name: string): string {
  const file = beside(import.meta.url, `../../../communicator/lua/${name}.lua`);
  const text = file ? readFileSync(file, 'utf8') : luaTexts[name];
  if (text === undefined) throw new Error(`${name}.lua is missing: this copy of marblerun is incomplete`);
  return text;
}

export function scriptText(name: ScriptName): string {
  const { file = name, allowOom, also }: Script = SCRIPTS[name];
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
