/**
 * What a run of the suite did, for people.
 */
import type { Remains, Violation } from './checker.js';
import type { Entry } from './history.js';

interface Run {
  readonly seed: number;
  readonly ms: number;
  readonly history: readonly Entry[];
  readonly left: readonly Remains[];
  readonly faults: ReadonlyMap<string, number>;
  readonly violations: readonly Violation[];
}

const MOST_SHOWN = 40;

export function report({ seed, ms, history, left, faults, violations }: Run): string {
  const events = (e: Entry['e']) => history.filter((entry) => entry.e === e).length;
  const total = [...faults.values()].reduce((sum, n) => sum + n, 0);
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
    table(
      'history',
      (['send', 'sent', 'unsent', 'got', 'finished', 'refused'] as const).map((e) => [e, events(e)] as const),
    ),
    ...violations.slice(0, MOST_SHOWN).map(({ rule, what }) => `VIOLATION ${rule}: ${what}`),
  ];
  return lines.join('\n');
}

function table(title: string, rows: readonly (readonly [string, number])[]): string {
  return [`${title}:`, ...rows.map(([name, n]) => `  ${String(n).padStart(7)}  ${name}`)].join('\n');
}
