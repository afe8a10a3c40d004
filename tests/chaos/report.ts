/**
 * The report of a run of the suite, for people.
 */
import type { Remains, Violation } from './checker.js';
import { takenBack } from './guarded/checker.js';
import type { GuardedRun } from './guarded/run.js';
import type { Entry } from './history.js';

interface Run {
  readonly seed: number;
  readonly ms: number;
  readonly history: readonly Entry[];
  readonly left: readonly Remains[];
  readonly faults: ReadonlyMap<string, number>;
  readonly guarded: GuardedRun;
  readonly violations: readonly Violation[];
}

const MOST_SHOWN = 40;

export function report({ seed, ms, history, left, faults, guarded, violations }: Run): string {
  const total = [...faults.values(), ...guarded.faults.values()].reduce((sum, n) => sum + n, 0);
  const sum = (event: string) =>
    left
      .flatMap(({ counts }) => Object.entries(counts))
      .reduce((all, [field, n]) => all + (field.endsWith(` ${event}`) ? n : 0), 0);
  const marbles = (
    ['sent', 'elevated', 'taken', 'finished', 'failed', 'dropped', 'returned', 'released', 'dead'] as const
  ).map((event) => [event, sum(event)] as const);
  const lines = [
    `seed ${seed}: ${Math.round(ms / 1000)} s, ${total} faults, ${violations.length} violations`,
    table('faults', [...faults].sort()),
    table('marbles', marbles),
    table('history', tally(history, ['send', 'sent', 'unsent', 'got', 'finished', 'refused'])),
    batchTable(history, left),
    table('faults of the guarded part', [...guarded.faults].sort()),
    table('history of the guarded part', [
      ...tally(guarded.history, ['send', 'sent', 'unsure', 'got', 'finished', 'refused']),
      ['taken back by a failover', takenBack(guarded.history)],
    ]),
    ...violations.slice(0, MOST_SHOWN).map(({ rule, what }) => `VIOLATION ${rule}: ${what}`),
  ];
  return lines.join('\n');
}

function batchTable(history: readonly Entry[], left: readonly Remains[]): string {
  const batches = left.flatMap((side) => side.batches?.batches ?? []);
  const sum = (what: 'sent' | 'dead' | 'gone' | 'dropped') => batches.reduce((all, batch) => all + batch[what], 0);
  const looks = history.flatMap((entry) => (entry.e === 'recount' ? [entry] : []));
  return table('batches', [
    ['opened', batches.length],
    ['in another', batches.filter(({ parent }) => parent !== undefined).length],
    ['complete', batches.filter(({ done }) => done).length],
    ['of these cancelled', batches.filter(({ cancelled }) => cancelled).length],
    ['members', sum('sent')],
    ['members dropped by a cancel', sum('dropped')],
    ['members dead and removed', sum('gone')],
    ['members dead at the end', sum('dead')],
    [
      '`then` that arrived',
      new Set(history.flatMap((entry) => (entry.e === 'got' && entry.of ? [entry.id] : []))).size,
    ],
    ...tally(history, ['settle', 'reopen', 'refire', 'recount']),
    ['most members alive at a recount', looks.reduce((most, { alive }) => Math.max(most, alive), 0)],
  ]);
}

function tally(history: readonly Entry[], events: readonly Entry['e'][]): (readonly [string, number])[] {
  return events.map((e) => [e, history.filter((entry) => entry.e === e).length] as const);
}

function table(title: string, rows: readonly (readonly [string, number])[]): string {
  return [`${title}:`, ...rows.map(([name, n]) => `  ${String(n).padStart(7)}  ${name}`)].join('\n');
}
