/**
 * Watches what a script does while a scenario plays, as Redis itself tells it: its commands, and the keys that they
 * write.
 */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { scriptNames, scriptText, type ScriptName } from '@marblerun/internal';

export interface Seen {
  readonly commands: Set<string>;
  /** The keys that it wrote, without parts that belong to this run or this holder alone: `held:*`. */
  readonly written: Set<string>;
}

interface About {
  readonly writes: boolean;
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

let table: Map<string, About> | undefined;

async function commandTable(redis: Redis): Promise<Map<string, About>> {
  if (table) return table;
  const all = (await redis.call('COMMAND')) as [string, number, string[], number, number, number][];
  return (table = new Map(
    all.map(([name, , flags, first, last, step]) => [name, { writes: flags.includes('write'), first, last, step }]),
  ));
}

/** Lists the commands that a script can run, including those that it hands to a function by name. */
export async function commandsIn(redis: Redis, script: ScriptName): Promise<Set<string>> {
  const known = await commandTable(redis);
  const text = usedText(scriptText(script));
  const named = [...text.matchAll(/\w\(\s*'([A-Z]{2,})'/g)].map(([, word]) => word!.toLowerCase());
  return new Set(named.filter((word) => known.has(word)));
}

/** Removes comments, and functions of included parts that the script does not use. */
function usedText(text: string): string {
  const functions = new Map<string, string>();
  let used = text.replace(/--.*$/gm, '').replace(/^(?:local )?function ([\w.]+)[^]*?\nend$/gm, (body, name: string) => {
    functions.set(name, body);
    return '';
  });
  for (let before = ''; before !== used;) {
    before = used;
    for (const [name, body] of functions) {
      if (new RegExp(`\\b${name.replace('.', '\\.')}\\(`).test(used)) used += `\n${body}`;
      if (used.includes(body)) functions.delete(name);
    }
  }
  return used;
}

/**
 * Removes from a text what MONITOR shows in another way: quotes, backslashes, line ends, and the letters that stand for
 * them.
 */
const bare = (text: string) => text.replace(/[^A-Z0-9_.,(){}=a-moqsu-wyz]/g, '');
const sha = (text: string) => createHash('sha1').update(text).digest('hex');

/** The scripts by the text or digest that EVAL or EVALSHA names. */
const scripts = new Map(
  scriptNames().flatMap((name) => [sha(scriptText(name)), bare(scriptText(name))].map((key) => [key, name] as const)),
);

/** Plays `act` and returns what `script` did in it. */
export async function watch(redis: Redis, script: ScriptName, act: () => Promise<unknown>): Promise<Seen> {
  const known = await commandTable(redis);
  const seen: Seen = { commands: new Set(), written: new Set() };
  const monitor = await redis.monitor();
  let current: ScriptName | undefined;
  let over: (() => void) | undefined;
  const end = `end-${Math.random()}`;
  const told = new Promise<void>((resolve) => (over = resolve));
  monitor.on('monitor', (_time: string, [word = '', ...args]: string[], source: string) => {
    const name = word.toLowerCase();
    if (name === 'echo' && args[0] === end) over!();
    if (name === 'evalsha' || name === 'eval') current = scripts.get(args[0]!) ?? scripts.get(bare(args[0]!));
    const about = known.get(name);
    if (source !== 'lua' || current !== script || !about) return;
    seen.commands.add(name);
    if (about.writes) for (const key of keysIn(about, args)) seen.written.add(roleOf(key));
  });
  try {
    await act();
    await redis.echo(end);
    await told;
  } finally {
    monitor.disconnect();
  }
  return seen;
}

function keysIn({ first, last, step }: About, args: string[]): string[] {
  const end = last < 0 ? args.length + last : last - 1;
  return args.filter((_, i) => i >= first - 1 && i <= end && (i - first + 1) % Math.max(step, 1) === 0);
}

/** Returns the part of a key that another run has too: ids of holders and senders become `*`. */
function roleOf(key: string): string {
  return key.replace(/^.*?\}:/, '').replace(/^(holder|held|sender|inbox|data):[^:]*/, '$1:*');
}
