/**
 * Proves the promises over a whole history and what is left in Redis after draining. Pure: no I/O.
 *
 * The criteria rest on two facts that hold whatever dies: every delivery is written down before it
 * is worked on, and the scripts count in the same atomic step in which they move. docs/CHAOS.md says
 * why each is sound.
 */
import type { BatchesSeen } from './batches/recount.js';
import type { Entry, MarbleName } from './history.js';

/** The contents of a run at the end. */
export interface Remains {
  readonly run: string;
  /** `<queue> <event>` → how often. */
  readonly counts: Readonly<Record<string, number>>;
  readonly waiting: readonly { readonly q: string; readonly id: string }[];
  /** `member`: the id of the batch. */
  readonly dead: readonly {
    readonly q: string;
    readonly id: string;
    readonly why: string;
    readonly member?: string | undefined;
  }[];
  /** Keys that should not be there. */
  readonly left: readonly string[];
  /** Left out where a run has none. */
  readonly batches?: BatchesSeen;
}

export interface Plan {
  /** Queue → which outputs a marble of it has: queue and the end of the key. */
  readonly outputs: Readonly<Record<string, readonly { readonly q: string; readonly end: string }[]>>;
  /** Queues whose keys are numbers, sent in order by one and taken by one. */
  readonly ordered: readonly string[];
  /** Queues of members of batches that are cancelled: such a marble may be dropped before anybody sees it. */
  readonly dropping: readonly string[];
  /** From a passed lease until its marbles are back, where nothing hinders. */
  readonly recoveryMs: number;
}

export interface Violation {
  readonly rule:
    | ('lost' | 'double' | 'output' | 'count' | 'order' | 'late' | 'left' | 'stuck' | 'trouble' | 'reason' | 'idle')
    | ('recount' | 'acknowledged' | 'incomplete' | 'then');
  readonly what: string;
}

const LEAST_FINISHED = 20;

type Got = Extract<Entry, { e: 'got' }>;

export function check(history: readonly Entry[], remains: readonly Remains[], plan: Plan): Violation[] {
  const seen = new Seen(history, remains);
  return [
    ...lost(history, seen, plan),
    ...counted(remains, seen, plan),
    ...doubled(history, seen),
    ...outputs(seen, plan),
    ...disorder(history, plan),
    ...late(history, plan.recoveryMs),
    ...remains.flatMap(leftovers),
    ...idle(history),
    ...troubles(history),
  ];
}

export const nameOf = ({ run, q, id }: MarbleName) => `${run} ${q} ${id}`;

/** Every marble that is known to have existed, from its deliveries and from what remains. */
class Seen {
  readonly got = new Map<string, Got[]>();
  /** `<run> <queue>` → ids. */
  readonly ids = new Map<string, Set<string>>();
  readonly dead = new Set<string>();
  /** Names of dead letters that were requeued: their attempts begin anew. */
  readonly settled = new Set<string>();
  /** How often the same marble may have been sent again. */
  readonly refires = new Map<string, number>();

  constructor(history: readonly Entry[], remains: readonly Remains[]) {
    for (const entry of history) {
      if (entry.e === 'got') push(this.got, nameOf(entry), entry);
      if (entry.e === 'settle') this.settled.add(nameOf(entry));
      if (entry.e === 'refire') this.refires.set(nameOf(entry), this.refiresOf(nameOf(entry)) + 1);
      if (entry.e === 'got' || entry.e === 'settle') this.#exists(entry);
    }
    for (const { run, waiting, dead } of remains) {
      for (const marble of waiting) this.#exists({ run, ...marble });
      for (const marble of dead) {
        this.#exists({ run, ...marble });
        this.dead.add(nameOf({ run, ...marble }));
      }
    }
  }

  #exists({ run, q, id }: MarbleName): void {
    const line = `${run} ${q}`;
    const ids = this.ids.get(line);
    if (ids) ids.add(id);
    else this.ids.set(line, new Set([id]));
  }

  has({ run, q, id }: MarbleName): boolean {
    return this.ids.get(`${run} ${q}`)?.has(id) === true;
  }

  refiresOf(name: string): number {
    return this.refires.get(name) ?? 0;
  }
}

/** (a) What was acknowledged was delivered, is dead, or waits. */
function lost(history: readonly Entry[], seen: Seen, { dropping }: Plan): Violation[] {
  return history.flatMap((entry) =>
    entry.e === 'sent' && !seen.has(entry) && !dropping.includes(entry.q)
      ? [{ rule: 'lost' as const, what: `${nameOf(entry)} was acknowledged and has never been seen since` }]
      : [],
  );
}

/**
 * (a, c, d) By Redis's own count, as many marbles came into each queue as are known by name, and all
 * but the dead and the waiting were finished, or removed when they were dead. One that came twice, or went without a
 * finish, shows.
 */
function counted(remains: readonly Remains[], seen: Seen, { dropping }: Plan): Violation[] {
  return remains.flatMap(({ run, counts, dead, waiting }) => {
    const queues = new Set(Object.keys(counts).map((field) => field.split(' ')[0]!));
    return [...queues].flatMap((q) => {
      const n = (event: string) => counts[`${q} ${event}`] ?? 0;
      const known = seen.ids.get(`${run} ${q}`)?.size ?? 0;
      const rest = [...dead, ...waiting].filter((marble) => marble.q === q).length;
      const [sent, over] = [n('sent'), n('finished') + n('deleted') + n('expired')];
      const again = [...seen.refires].reduce(
        (sum, [name, times]) => sum + (name.startsWith(`${run} ${q} `) ? times : 0),
        0,
      );
      const found: Violation[] = [];
      if (sent < known || (sent > known + again && !dropping.includes(q)))
        found.push({ rule: 'count', what: `${run} ${q}: ${sent} came in, ${known} are known by name` });
      if (over + rest !== sent)
        found.push({ rule: 'count', what: `${run} ${q}: ${sent} came in, ${over} are over, ${rest} remain` });
      return found;
    });
  });
}

/** (b) A delivery whose finish was taken is the last one: none of a higher attempt, no second finish. */
function doubled(history: readonly Entry[], seen: Seen): Violation[] {
  const found: Violation[] = [];
  const finished = new Map<string, number[]>();
  for (const entry of history) if (entry.e === 'finished') push(finished, nameOf(entry), entry.attempt);
  for (const [name, attempts] of finished) {
    const times = attempts.length;
    const most = 1 + seen.refiresOf(name);
    if (times > most) found.push({ rule: 'double', what: `${name} was finished ${times} times, ${most} at the most` });
    if (most > 1 || seen.settled.has(name)) continue; // its attempts begin anew
    const attempt = Math.max(...attempts);
    const more = seen.got.get(name)?.find((got) => got.attempt > attempt);
    if (more)
      found.push({ rule: 'double', what: `${name}: attempt ${attempt} finished, ${more.attempt} was handed out` });
  }
  return [...found, ...outrun(seen)];
}

/** (b) A delivery whose outputs exist was finished: none of a higher attempt may follow. */
function outrun(seen: Seen): Violation[] {
  const committed = new Map<string, number>();
  const highest = new Map<string, number>();
  for (const deliveries of seen.got.values()) {
    for (const { key, attempt, by } of deliveries) {
      highest.set(key, Math.max(attempt, highest.get(key) ?? 0));
      if (by) committed.set(by.key, by.attempt);
    }
  }
  return [...committed].flatMap(([key, attempt]) =>
    (highest.get(key) ?? 0) > attempt
      ? [
          {
            rule: 'double' as const,
            what: `${key}: outputs of attempt ${attempt} exist, and ${highest.get(key)} was handed out`,
          },
        ]
      : [],
  );
}

/** (c, d) Each input that is done has each of its outputs, and each output is one marble. */
function outputs(seen: Seen, plan: Plan): Violation[] {
  const found: Violation[] = [];
  const byKey = new Map<string, Set<string>>();
  for (const [name, deliveries] of seen.got) push2(byKey, `${deliveries[0]!.q} ${deliveries[0]!.key}`, name);
  for (const [key, names] of byKey)
    if (names.size > 1) found.push({ rule: 'output', what: `${key}: ${names.size} marbles where there should be one` });
  for (const [name, deliveries] of seen.got) {
    const { q, key } = deliveries[0]!;
    if (seen.dead.has(name)) continue;
    for (const output of plan.outputs[q] ?? []) {
      if (!byKey.has(`${output.q} ${key}${output.end}`))
        found.push({ rule: 'output', what: `${q} ${key}: its output to ${output.q} was never seen` });
    }
  }
  return found;
}

/**
 * (e) First deliveries of acknowledged sends, by the one who takes, are in the order of sending. A marble that was sent
 * before this taker came may have been in the inbox of the one before it, and is back later, uncharged.
 */
function disorder(history: readonly Entry[], plan: Plan): Violation[] {
  const sentAt = new Map(
    history.filter((entry) => entry.e === 'sent').map((entry) => [nameOf(entry as MarbleName), entry.t]),
  );
  const cameAt = new Map<string | undefined, number>();
  const last = new Map<string, number>();
  const found: Violation[] = [];
  for (const entry of history) {
    if (entry.e !== 'got' || entry.attempt > 1 || !plan.ordered.includes(entry.q)) continue;
    if (!cameAt.has(entry.from)) cameAt.set(entry.from, entry.t);
    const sent = sentAt.get(nameOf(entry));
    if (sent === undefined) continue;
    const n = Number(entry.key);
    if (n < (last.get(entry.q) ?? 0) && cameAt.get(entry.from)! <= sent)
      found.push({ rule: 'order', what: `${entry.q}: ${n} came after ${last.get(entry.q) ?? 0}` });
    last.set(entry.q, Math.max(n, last.get(entry.q) ?? 0));
  }
  return found;
}

/** (f) Whatever a passed lease covered is back in time, not counting the time in which a fault kept everybody from it. */
export function late(history: readonly Entry[], recoveryMs: number): Violation[] {
  const stops = history.filter((entry) => entry.e === 'fault').filter(({ stops }) => stops);
  return history.flatMap((entry) => {
    if (entry.e !== 'late') return [];
    const hindered = covered(stops.map(({ t, until }) => [Math.max(t, entry.since), Math.min(until, entry.t)]));
    const ms = entry.t - entry.since - hindered;
    if (ms <= recoveryMs) return [];
    return [
      { rule: 'late' as const, what: `${entry.run} ${entry.holder}: not back ${ms} ms after its lease, unhindered` },
    ];
  });
}

/** Nobody gave up by itself. */
export function troubles(history: readonly Entry[]): Violation[] {
  return history.flatMap((entry) =>
    entry.e === 'trouble' ? [{ rule: 'trouble' as const, what: `${entry.who}: ${entry.what}` }] : [],
  );
}

/** A run in which hardly anything was finished has proved nothing. */
export function idle(history: readonly Entry[]): Violation[] {
  const finished = history.filter(({ e }) => e === 'finished').length;
  return finished >= LEAST_FINISHED ? [] : [{ rule: 'idle', what: `only ${finished} finishes were acknowledged` }];
}

/** How long the intervals are together, overlaps once. */
function covered(intervals: [number, number][]): number {
  let total = 0;
  let end = 0;
  for (const [from, to] of intervals.filter(([a, b]) => b > a).sort(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}

/** (a, g) Nothing waits after draining, every dead letter has a reason, no key is left behind. */
export function leftovers({ run, waiting, dead, left }: Remains): Violation[] {
  return [
    ...waiting.map(({ q, id }) => ({ rule: 'stuck' as const, what: `${run} ${q} ${id} still waits after draining` })),
    ...dead
      .filter(({ why }) => why === '')
      .map(({ q, id }) => ({ rule: 'reason' as const, what: `${run} ${q} ${id}: dead without a reason` })),
    ...dead
      .filter(({ why }) => why === 'data missing')
      .map(({ q, id }) => ({ rule: 'lost' as const, what: `${run} ${q} ${id}: its data are lost` })),
    ...left.map((key) => ({ rule: 'left' as const, what: `${run}: ${key}` })),
  ];
}

function push<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list) list.push(item);
  else lists.set(name, [item]);
}

function push2(sets: Map<string, Set<string>>, name: string, item: string): void {
  const set = sets.get(name);
  if (set) set.add(item);
  else sets.set(name, new Set([item]));
}
