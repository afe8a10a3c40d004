/**
 * Tells whether the user of a connection may run what its part of MarbleRun needs. It asks before the work begins, by
 * trials that change nothing, in one round trip.
 *
 * What may go wrong: a right is missing. MR_REDIS_AUTH then names it and what needs it, and nothing was begun; in the
 * middle of work it would be an error at one command of many. Rights that are merely useful to a part (SCAN, INFO,
 * CONFIG GET, CLIENT LIST, the script `present`) are not asked for here: a user who lacks them does without.
 */
import type { Redis } from 'ioredis';
import { MarbleRunError } from '../../errors.js';
import type { RunKeys } from './keys.js';
import { verdictOn } from './redis-errors.js';
import { callScript, scriptCommands, type ScriptName } from './scripts.js';

/** A part of MarbleRun, as far as rights go: `mustBeAllowed` asks whether a user of Redis may do all that it does. */
export type Part =
  'push' | 'pushAny' | 'pushLarge' | 'batches' | 'replicas' | 'pop' | 'work' | 'listen' | 'monitor' | 'lift' | 'land';

/**
 * The scripts of each part, and the commands that it runs beside them. The commands of a script are read from its text.
 */
const NEEDS: Readonly<Record<Part, { readonly scripts: readonly ScriptName[]; readonly commands: readonly string[] }>> =
  {
    push: { scripts: ['push', 'pushNext', 'pushBehind'], commands: [] },
    pushAny: { scripts: ['pushAny'], commands: [] },
    pushLarge: { scripts: ['pushLarge'], commands: ['set'] },
    batches: { scripts: ['pushMembers', 'open', 'seal', 'cancel', 'discard', 'progress'], commands: [] },
    replicas: { scripts: [], commands: ['wait'] },
    pop: { scripts: ['pop'], commands: ['brpop', 'client|unblock', 'get', 'unlink'] },
    work: {
      scripts: [
        'enter',
        'beat',
        'pulse',
        'wait',
        'swap',
        'step',
        'stepRouting',
        'take',
        'begin',
        'giveback',
        'orphans',
        'reclaim',
        'swapMembers',
        'swapLarge',
      ],
      commands: ['blmove', 'client|unblock', 'get', 'hmget', 'hset', 'set', 'zrange'],
    },
    listen: { scripts: ['listen'], commands: ['bzpopmin'] },
    monitor: {
      scripts: [
        ...(['due', 'clock', 'clamp', 'rewind', 'reclaim', 'overdue', 'promote', 'orphans', 'strays'] as const),
        ...(['listen', 'nextDue', 'gone', 'lapse', 'hung', 'takeDuty', 'noteDuty'] as const),
        ...(['prune', 'expire', 'depths', 'audit', 'watch', 'cancel', 'discard', 'forget', 'progress'] as const),
      ],
      commands: ['client|unblock', 'hgetall', 'hkeys', 'hlen', 'hmget', 'llen', 'zcard', 'zrange'],
    },
    lift: { scripts: ['lift', 'epoch'], commands: ['get', 'llen', 'zrange'] },
    land: { scripts: ['land'], commands: ['set'] },
  };

/** The trial of each command: which of the keys of `rights.lua` it is tried on, and its arguments. */
const NONE = 0;
const TEXT = 1;
const ABSENT = 2;
const NO_NUMBER = 3;
const TRIALS: Readonly<Record<string, readonly [key: number, ...args: string[]]>> = {
  ...{ time: [NONE], ping: [NONE], get: [TEXT], set: [TEXT, 'x', 'NX'], incr: [NO_NUMBER] },
  ...{ del: [ABSENT], unlink: [ABSENT], exists: [ABSENT], pexpire: [ABSENT, '1'], type: [ABSENT] },
  ...{ persist: [ABSENT], getrange: [ABSENT, '0', '0'] },
  ...{
    lindex: [TEXT, '0'],
    llen: [TEXT],
    lpop: [TEXT],
    lpush: [TEXT, 'x'],
    lpushx: [TEXT, 'x'],
    lrange: [TEXT, '0', '0'],
  },
  ...{ rpop: [TEXT], rpush: [TEXT, 'x'], lrem: [TEXT, '1', 'x'], ltrim: [TEXT, '0', '0'], lset: [TEXT, '0', 'x'] },
  ...{ hdel: [TEXT, 'x'], hexists: [TEXT, 'x'], hget: [TEXT, 'x'], hgetall: [TEXT], hincrby: [TEXT, 'x', '1'] },
  ...{ hkeys: [TEXT], hlen: [TEXT], hmget: [TEXT, 'x'], hset: [TEXT, 'x', 'x'], hsetnx: [TEXT, 'x', 'x'] },
  ...{ hscan: [TEXT, '0'], hstrlen: [TEXT, 'x'], hvals: [TEXT], zcount: [TEXT, '0', '0'], zpopmin: [TEXT] },
  ...{ zadd: [TEXT, '0', 'x'], zcard: [TEXT], zrange: [TEXT, '0', '0'], zrangebyscore: [TEXT, '0', '0'] },
  ...{ zrem: [TEXT, 'x'], zscore: [TEXT, 'x'], zmscore: [TEXT, 'x'], zincrby: [TEXT, '1', 'x'], zrank: [TEXT, 'x'] },
  ...{ zremrangebyrank: [TEXT, '0', '0'] },
};

/**
 * Trials of commands that no script may run: the whole command, on a key of a wrong type or for a client that cannot
 * exist.
 */
const DIRECT_TRIALS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  blmove: (text) => ['BLMOVE', text, text, 'RIGHT', 'LEFT', '0.001'],
  bzpopmin: (text) => ['BZPOPMIN', text, '0.001'],
  brpop: (text) => ['BRPOP', text, '0.001'],
  'client|unblock': () => ['CLIENT', 'UNBLOCK', '0'],
  'client|kill': () => ['CLIENT', 'KILL', 'ID', '0'],
  wait: () => ['WAIT', '0', '1'],
};

/** Connections that have passed, and the parts that they passed for. */
const passed = new WeakMap<Redis, Set<Part>>();

/** Throws MR_REDIS_AUTH, listing all that is missing. It asks once on each connection. */
export async function mustBeAllowed(redis: Redis, part: Part, keys: RunKeys): Promise<void> {
  const before = passed.get(redis) ?? new Set<Part>();
  if (before.has(part)) return;
  passed.set(redis, before);
  const users = usersOf(part);
  const missing = await missingOf(redis, [...users.keys(), 'client|kill'], keys);
  if (missing.length > 0) {
    const named = missing.map((command) => `${command} (for ${users.get(command)?.join(', ') ?? 'a new connection'})`);
    const message = `redis: this user may not run ${named.join(', ')}; docs/SECURITY.md lists the rights that MarbleRun needs`;
    throw new MarbleRunError('MR_REDIS_AUTH', message);
  }
  before.add(part);
}

/** The commands that a part runs, and what it needs each for. */
export function usersOf(part: Part): Map<string, string[]> {
  const { scripts, commands } = NEEDS[part];
  const users = new Map<string, string[]>(commands.map((command) => [command, [part]]));
  for (const script of scripts)
    for (const command of scriptCommands(script)) users.set(command, [...(users.get(command) ?? []), script]);
  return users;
}

/** False for a command that has no harmless trial here. */
export function canBeTried(command: string): boolean {
  return command in TRIALS || command in DIRECT_TRIALS;
}

async function missingOf(redis: Redis, commands: readonly string[], keys: RunKeys): Promise<string[]> {
  const inScript = commands.flatMap((command) => {
    const [key, ...args] = TRIALS[command] ?? [];
    return key === undefined ? [] : [command, key, args.length, ...args];
  });
  const trialKeys = { numberless: keys.trial('text') };
  const direct = commands.filter((command) => command in DIRECT_TRIALS);
  const [refused, ...verdicts] = await Promise.all([
    callScript(redis, keys, 'rights', { keys: trialKeys, moreArgs: inScript }),
    ...direct.map((command) => isRefused(redis, DIRECT_TRIALS[command]!(keys.layout))),
  ]);
  return [...refused, ...direct.filter((_, i) => verdicts[i])];
}

/** Tries a command. Any answer but a refusal is a good one: the command was let in. */
async function isRefused(redis: Redis, [command, ...args]: readonly string[]): Promise<boolean> {
  try {
    await redis.call(command!, ...args);
    return false;
  } catch (error) {
    const verdict = verdictOn(error);
    if (verdict.kind !== 'refused') throw error;
    return verdict.error.code === 'MR_REDIS_AUTH';
  }
}
