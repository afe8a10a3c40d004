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
import { LoadedScript, ScriptCommand } from './script-command.js';
import { placed, type AnyCall, type Placed } from './script-names.js';
import type { ScriptBufferReply, ScriptCall, ScriptName, ScriptReply } from './script-types.js';

export type { ScriptArg, ScriptCall, ScriptKey, ScriptName, ScriptReply } from './script-types.js';

/**
 * Parts for sending and finishing members of batches. Commands without members run without these, and pay nothing for
 * them.
 */
const MEMBERS = ['batch-keys', 'batches-on-demand', 'members'];
/** Likewise for steps of a loop whose marble sends others on. */
const ROUTING = ['clock', 'wake', 'step-outputs'];
/** Likewise for marbles that have large data, whether they are members or not. */
const LARGE = [...MEMBERS, 'refers', 'large'];

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
  pushNext: { file: 'push', allowOom: false, also: ['follows'] },
  pushBehind: { allowOom: false },
  pushAny: { allowOom: false },
  pushMembers: { file: 'pushAny', allowOom: false, also: MEMBERS },
  pushLarge: { file: 'pushAny', allowOom: false, also: LARGE },
  pop: { allowOom: true },
  transfer: { allowOom: true },
  destroy: { allowOom: true },
  enter: { allowOom: true },
  beat: { allowOom: true },
  wait: { allowOom: true },
  listen: { allowOom: true },
  pulse: { allowOom: true },
  gone: { allowOom: true },
  lapse: { allowOom: true },
  hung: { allowOom: true },
  takeDuty: { allowOom: true },
  noteDuty: { allowOom: true },
  swap: { allowOom: true },
  swapRouting: { file: 'swap', allowOom: false },
  swapMembers: { file: 'swap', allowOom: true, also: MEMBERS },
  swapMembersRouting: { file: 'swap', allowOom: false, also: MEMBERS },
  swapLarge: { file: 'swap', allowOom: true, also: LARGE },
  swapLargeRouting: { file: 'swap', allowOom: false, also: LARGE },
  step: { allowOom: true },
  stepRouting: { file: 'step', allowOom: false, also: ROUTING },
  take: { allowOom: true },
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
  referred: { allowOom: true },
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
  const withParts = (text: string, more: readonly string[] = []): string =>
    text.replace(/^ *-- include (.+)$/m, (_, parts: string) =>
      [...parts.split(' '), ...more].map((part) => withParts(read(`lib/${part}`))).join(''),
    );
  return `#!lua flags=${flags}\n${withParts(read(file), also)}`;
}

export function scriptNames(): ScriptName[] {
  return Object.keys(SCRIPTS) as ScriptName[];
}

/** The commands that a script runs, in small letters. */
export function scriptCommands(name: ScriptName): Set<string> {
  const calls = scriptText(name).matchAll(/\b(?:redis\.p?call|pushAll)\(\s*'([A-Z]+)'/g);
  return new Set([...calls].map(([, command]) => command!.toLowerCase()));
}

/** The scripts that were called so far. To expand and hash all of them takes longer than a script of a few marbles has. */
const loaded = new Map<ScriptName, LoadedScript>();

export function loadScript(name: ScriptName): LoadedScript {
  const script = loaded.get(name) ?? new LoadedScript(name, scriptText(name));
  loaded.set(name, script);
  return script;
}

/** Returns the script that Redis names by this hash. */
export function scriptByHash(hash: string): ScriptName | undefined {
  return scriptNames().find((name) => loadScript(name).hash === hash);
}

/** Calls a script of this run. Its texts are strings; with `callScriptBuffer`, Buffers. */
export function callScript<Name extends ScriptName>(
  redis: Redis,
  run: RunKeys,
  name: Name,
  call: ScriptCall<Name>,
): Promise<ScriptReply<Name>> {
  return redis.sendCommand(new ScriptCommand(redis, ...placedCall(run, name, call), 'utf8')) as Promise<
    ScriptReply<Name>
  >;
}

export function callScriptBuffer<Name extends ScriptName>(
  redis: Redis,
  run: RunKeys,
  name: Name,
  call: ScriptCall<Name>,
): Promise<ScriptBufferReply<Name>> {
  return redis.sendCommand(new ScriptCommand(redis, ...placedCall(run, name, call), null)) as Promise<
    ScriptBufferReply<Name>
  >;
}

function placedCall(run: RunKeys, name: ScriptName, call: AnyCall): [LoadedScript, Placed] {
  const script = loadScript(name);
  return [script, placed(name, script.names, run, call)];
}
