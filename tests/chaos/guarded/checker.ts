/**
 * Proves what holds across failovers to a replica, over the history of the guarded part and what is left in the
 * Redis that survived. Pure: no I/O. docs/CHAOS.md says what is promised here and what is not.
 */
import { idle, late, leftovers, nameOf, troubles, type Remains, type Violation } from '../checker.js';
import type { Entry } from '../history.js';
import { FAILOVER, LAG_MS } from './plan.js';

/** When a finish was acknowledged, and of which attempt. */
interface Finish {
  readonly t: number;
  readonly attempt: number;
}

export function checkGuarded(history: readonly Entry[], left: Remains, recoveryMs: number): Violation[] {
  return [
    ...lost(history, left),
    ...kept(left),
    ...doubled(history),
    ...late(history, recoveryMs),
    ...leftovers(left),
    ...idle(history),
    ...troubles(history),
  ];
}

/** Every marble that the replica acknowledged was worked on to its end, is dead, or waits: a delivery that was given up is not enough. */
function lost(history: readonly Entry[], { run, dead, waiting }: Remains): Violation[] {
  const safe = new Set([...dead, ...waiting].map((marble) => nameOf({ run, ...marble })));
  for (const entry of history) if (entry.e === 'worked') safe.add(nameOf(entry));
  return history.flatMap((entry) =>
    entry.e === 'sent' && !safe.has(nameOf(entry))
      ? [{ rule: 'lost' as const, what: `${nameOf(entry)} was acknowledged by the replica and never worked on` }]
      : [],
  );
}

/** Compares the counts of the Redis that survived: what came in was finished or remains. A failover takes back whole steps only. */
function kept({ run, counts, dead, waiting }: Remains): Violation[] {
  const queues = new Set(Object.keys(counts).map((field) => field.split(' ')[0]!));
  return [...queues].flatMap((q) => {
    const [sent, finished] = [counts[`${q} sent`] ?? 0, counts[`${q} finished`] ?? 0];
    const rest = [...dead, ...waiting].filter((marble) => marble.q === q).length;
    if (sent === finished + rest) return [];
    return [{ rule: 'count' as const, what: `${run} ${q}: ${sent} came in, ${finished} finished, ${rest} remain` }];
  });
}

/**
 * A finish that was acknowledged is the last of its marble, unless it came while a failover was under
 * way or shortly before: then the replica may not have heard of it, and the marble is handed out again.
 */
function doubled(history: readonly Entry[]): Violation[] {
  const finishes = new Map<string, Finish[]>();
  const found: Violation[] = [];
  for (const entry of history) {
    if (entry.e !== 'got' && entry.e !== 'finished') continue;
    const name = nameOf(entry);
    const before = finishes.get(name) ?? [];
    const again = before.find(
      (finish) => (entry.e === 'finished' || entry.attempt >= finish.attempt) && !mayBeTakenBack(history, finish),
    );
    if (again) found.push({ rule: 'double', what: `${name}: finished at ${again.t}, and ${entry.e} at ${entry.t}` });
    if (entry.e === 'finished') finishes.set(name, [...before, entry]);
  }
  return found;
}

function mayBeTakenBack(history: readonly Entry[], { t }: Finish): boolean {
  return history.some(
    (entry) => entry.e === 'fault' && entry.kind.startsWith(FAILOVER) && t >= entry.t - LAG_MS && t <= entry.until,
  );
}

/** How many finishes were followed by another delivery of as high an attempt: for the report. */
export function takenBack(history: readonly Entry[]): number {
  const finished = new Map<string, number>();
  const again = new Set<string>();
  for (const entry of history) {
    if (entry.e === 'finished') finished.set(nameOf(entry), entry.attempt);
    if (entry.e === 'got' && entry.attempt >= (finished.get(nameOf(entry)) ?? Infinity)) again.add(nameOf(entry));
  }
  return again.size;
}
