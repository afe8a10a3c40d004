/**
 * Spells every key name of a run, in one place: no other file and no script does.
 *
 * The run is the hash tag, so all keys of a run are in one slot of a Redis Cluster, and every script over them is
 * atomic. `docs/PROTOCOL.md` describes what each key holds.
 */
import { MarbleRunError } from '../../errors.js';

/** The layout of data that this version writes. It is raised when old and new versions cannot share a run. */
export const LAYOUT_VERSION = '1';
/**
 * The layout of a run from its first batch on. A client that knows nothing of batches would never count their members
 * as done.
 */
export const BATCHES_LAYOUT = '2';
/**
 * The layout of a run from its first large data on, with or without batches. A client that knows nothing of such data
 * would take the marbles that refer to them for broken.
 */
export const LARGE_DATA_LAYOUT = '3';
export const LAYOUTS: readonly string[] = [LAYOUT_VERSION, BATCHES_LAYOUT, LARGE_DATA_LAYOUT];

export type RunKeys = ReturnType<typeof keysOf>;

export function keysOf(run: string) {
  const at = `mr:{${checkName('run', run)}}`;
  return {
    /** The beginning of all keys of the run. */
    prefix: `${at}:`,
    layout: `${at}:layout`,
    queue: (queue: string) => `${at}:q:${queue}`,
    outbox: (queue: string) => `${at}:up:${queue}`,
    queues: `${at}:queues`,
    /** Queues that holders wait for together with others, and until when that is known. */
    watched: `${at}:watched`,
    /** The wake-up of a queue: what such a holder waits for (`lua/lib/wake.lua`). */
    wake: (queue: string) => `${at}:wake:${queue}`,
    outboxes: `${at}:outboxes`,
    counts: `${at}:counts`,
    serial: `${at}:serial`,
    clock: `${at}:clock`,
    holders: `${at}:holders`,
    hearts: `${at}:hearts`,
    holder: (holder: string) => `${at}:holder:${holder}`,
    held: (holder: string) => `${at}:held:${holder}`,
    /**
     * Where Redis puts marbles for a holder that waits. The key names the queue too, so that they find their way back even if the holder's entry is
     * gone.
     */
    inbox: (holder: string, queue: string) => `${at}:inbox:${holder}:${queue}`,
    monitors: `${at}:monitors`,
    deadlines: `${at}:deadlines`,
    overran: `${at}:overran`,
    duties: `${at}:duties`,
    later: `${at}:later`,
    dead: `${at}:dead`,
    letters: `${at}:letters`,
    /** Data that lie beside the list that their marble is in (`large-data.ts`). */
    data: (name: string) => `${at}:data:${name}`,
    sender: (sender: string) => `${at}:sender:${sender}`,
    lane: (lane: string) => `${at}:lane:${lane}`,
    transit: (lane: string) => `${at}:lane:${lane}:transit`,
    landed: `${at}:landed`,
    ...batchKeys(at),
    /** Keys for trials of a user's rights; none of them stays. */
    trial: (name: string) => `${at}:trial:${name}`,
    /** A key that is never there: scripts try on it what they are to do last. */
    absent: `${at}:trial:absent`,
    value: (name: string) => `${at}:value:${name}`,
    /** Prefixes of the keys that a holder without an entry may have left behind: `<prefix><holder>[:<queue>]`. */
    traces: [`${at}:held:`, `${at}:inbox:`, `${at}:holder:`],
    /** A pattern for these, and for the lists of queues. The search for orphans looks at what it matches. */
    searched: `${at}:[hiq]*`,
  };
}

function batchKeys(at: string) {
  return {
    batches: `${at}:batches`,
    batchdead: `${at}:batchdead`,
    children: `${at}:children`,
    cancelled: `${at}:cancelled`,
    batchends: `${at}:batchends`,
  };
}

const TYPES: readonly [pattern: RegExp, type: string][] = [
  [/^(layout|serial|(data|sender|value|trial):.*)$/, 'string'],
  [/^((q|up|inbox):.*|lane:[^:]*:transit)$/, 'list'],
  [/^(wake:.*|queues|outboxes|holders|monitors|deadlines|overran|later|dead)$/, 'zset'],
  [/^(batchdead|children|cancelled|batchends)$/, 'zset'],
  [/^(watched|clock|hearts|duties|counts|letters|landed|batches|(holder|held):.*|lane:[^:]*)$/, 'hash'],
];

/** The type that Redis has to hold a key as; undefined where it is not a key of a run. */
export function typeOfKey(key: string): string | undefined {
  const name = /^mr:\{[^}]*\}:(.*)$/.exec(key)?.[1];
  return name === undefined ? undefined : TYPES.find(([pattern]) => pattern.test(name))?.[1];
}

const NAME_RULES = {
  run: { pattern: /^[A-Za-z0-9._-]{1,64}$/, allowed: '1 to 64 of A-Z a-z 0-9 . _ -' },
  lane: { pattern: /^[A-Za-z0-9._-]{1,64}$/, allowed: '1 to 64 of A-Z a-z 0-9 . _ -' },
  queue: { pattern: /^[A-Za-z0-9._:/-]{1,128}$/, allowed: '1 to 128 of A-Z a-z 0-9 . _ : / -' },
  id: { pattern: /^[A-Za-z0-9._:/-]{1,128}$/, allowed: '1 to 128 of A-Z a-z 0-9 . _ : / -' },
  value: { pattern: /^[A-Za-z0-9._:/-]{1,256}$/, allowed: '1 to 256 of A-Z a-z 0-9 . _ : / -' },
} as const;

/** The kinds of names that are checked. */
export type Named = keyof typeof NAME_RULES;

/** Tells whether {@link checkName} would let a name pass. It is for names that come out of Redis. */
export function isName(kind: Named, name: string): boolean {
  return NAME_RULES[kind].pattern.test(name);
}

/**
 * Returns the name, or throws MR_BAD_NAME, naming `field`. Names never hold a space or a brace, because envelopes and
 * keys rely on that.
 */
export function checkName(kind: Named, name: unknown, field: string = kind): string {
  const rule = NAME_RULES[kind];
  if (typeof name === 'string' && rule.pattern.test(name)) return name;
  const article = kind === 'id' ? 'an' : 'a';
  const what = kind === 'id' ? kind : `${kind} name`;
  throw new MarbleRunError(
    'MR_BAD_NAME',
    `${field}: ${shown(name)} is not ${article} ${what}; allowed: ${rule.allowed}`,
  );
}

function shown(name: unknown): string {
  if (typeof name === 'string') return JSON.stringify(name.slice(0, 200));
  if (name === null || name === undefined) return String(name);
  if (Array.isArray(name)) return 'an array';
  return typeof name === 'object' ? 'an object' : `a ${typeof name}`;
}
