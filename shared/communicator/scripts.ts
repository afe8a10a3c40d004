/**
 * The Lua scripts: which there are, how a file becomes a command of ioredis.
 *
 * A file names the parts of `lua/lib` that it stands on in a line `-- include a b`; they are put in
 * its place. ioredis sends the hash and, where Redis has forgotten the script (a restart, SCRIPT
 * FLUSH), the text.
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/**
 * `allowOom`: may run when Redis is over its maxmemory. Set where the script frees memory or keeps
 * a holder alive; a script that adds marbles is refused as a whole instead.
 */
const SCRIPTS = {
  send: { file: 'send', allowOom: false },
  dispatch: { file: 'dispatch', allowOom: false },
  pop: { file: 'pop', allowOom: true },
  transfer: { file: 'transfer', allowOom: true },
  enter: { file: 'enter', allowOom: true },
  beat: { file: 'beat', allowOom: true },
  wait: { file: 'wait', allowOom: true },
  swap: { file: 'swap', allowOom: true },
  swapRouting: { file: 'swap', allowOom: false },
  limit: { file: 'limit', allowOom: true },
  giveback: { file: 'giveback', allowOom: true },
  reclaim: { file: 'reclaim', allowOom: true },
  overdue: { file: 'overdue', allowOom: true },
  due: { file: 'due', allowOom: true },
  promote: { file: 'promote', allowOom: true },
  orphans: { file: 'orphans', allowOom: true },
  lines: { file: 'lines', allowOom: true },
  exhume: { file: 'exhume', allowOom: true },
  expire: { file: 'expire', allowOom: true },
  prune: { file: 'prune', allowOom: true },
  lift: { file: 'lift', allowOom: true },
  audit: { file: 'audit', allowOom: true },
  rights: { file: 'rights', allowOom: true },
  renew: { file: 'renew', allowOom: true },
  land: { file: 'land', allowOom: false },
} as const;

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptArg = string | number | Buffer;

// From dist/communicator/ and from communicator/ alike, the scripts lie in the package's communicator/lua.
const folder = new URL(import.meta.url.includes('/dist/') ? '../../communicator/lua/' : 'lua/', import.meta.url);
const read = (name: string) => readFileSync(new URL(`${name}.lua`, folder), 'utf8');

export function scriptText(name: ScriptName): string {
  const { file, allowOom } = SCRIPTS[name];
  const body = read(file).replace(/^-- include (.+)$/m, (_, parts: string) =>
    parts
      .split(' ')
      .map((part) => read(`lib/${part}`))
      .join(''),
  );
  return `#!lua flags=${allowOom ? 'allow-oom' : ''}\n${body}`;
}

/** The commands that it runs, in small letters. */
export function scriptCommands(name: ScriptName): Set<string> {
  const calls = scriptText(name).matchAll(/\b(?:redis\.p?call|pushAll)\(\s*'([A-Z]+)'/g);
  return new Set([...calls].map(([, command]) => command!.toLowerCase()));
}

let texts: Map<ScriptName, string> | undefined;

/** Teaches a connection all scripts; call them with {@link callScript}. */
export function defineScripts(redis: Redis): void {
  texts ??= new Map((Object.keys(SCRIPTS) as ScriptName[]).map((name) => [name, scriptText(name)]));
  for (const [name, lua] of texts) redis.defineCommand(`mr_${name}`, { lua });
}

type Scripted = Record<string, (...args: ScriptArg[]) => Promise<unknown>>;

/** Replies are strings; with `callScriptBuffer`, Buffers. */
export function callScript(redis: Redis, name: ScriptName, keys: string[], args: ScriptArg[]): Promise<unknown> {
  return (redis as unknown as Scripted)[`mr_${name}`]!(keys.length, ...keys, ...args);
}

export function callScriptBuffer(redis: Redis, name: ScriptName, keys: string[], args: ScriptArg[]): Promise<unknown> {
  return (redis as unknown as Scripted)[`mr_${name}Buffer`]!(keys.length, ...keys, ...args);
}
