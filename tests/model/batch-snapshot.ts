/**
 * Reads what Redis has of batches, and what it should have, in the same plain form.
 */
import type { RunModel } from './run-model.js';

interface Snapshot {
  readonly batches: Map<string, Record<string, string | boolean>>;
  /** The number of dead members that are listed, by batch. */
  readonly dead: Map<string, number>;
  readonly children: Set<string>;
  readonly cancelled: Set<string>;
  readonly ends: Map<string, boolean>;
}

const NUMBERS = ['left', 'sent', 'dead', 'gone', 'cancelled', 'failed', 'surplus'] as const;
const FLAGS = ['sealed', 'cancel', 'done', 'fired'] as const;

export function expectedBatches({ batches }: RunModel): Snapshot {
  const all = [...batches.all.values()];
  const dead = all.map((batch) => [batch.id, batches.dead(batch)] as const);
  return {
    batches: new Map(
      all.map((batch) => {
        const { id, name, sent, gone, dropped, failed, sealed, cancelled, done, fired } = batch;
        const numbers = [batches.left(batch), sent, batches.dead(batch), gone, dropped, failed, 0];
        const flags = [sealed, cancelled, done, fired];
        return [
          id,
          {
            name,
            ...Object.fromEntries(NUMBERS.map((what, i) => [what, String(numbers[i])])),
            ...Object.fromEntries(FLAGS.map((what, i) => [what, flags[i]!])),
          },
        ];
      }),
    ),
    dead: new Map(dead.filter(([, n]) => n > 0)),
    children: new Set(all.flatMap(({ id, parent }) => (parent ? [`${parent.id} ${id}`] : []))),
    cancelled: new Set(all.filter(({ cancelled, done }) => cancelled && !done).map(({ id }) => id)),
    ends: new Map(all.map(({ id, done }) => [id, done])),
  };
}

export function readBatches([hash, dead, children, cancelled, ends]: readonly unknown[]): Snapshot {
  const fields = hash as Record<string, string>;
  const names = Object.keys(fields).filter((field) => field.startsWith('!'));
  const listed = new Map<string, number>();
  for (const member of dead as string[])
    listed.set(member.split(' ')[0]!, (listed.get(member.split(' ')[0]!) ?? 0) + 1);
  const flat = ends as string[];
  return {
    batches: new Map(
      names.map((name) => {
        const id = fields[name]!;
        return [
          id,
          {
            name: name.slice(1),
            ...Object.fromEntries(NUMBERS.map((what) => [what, fields[`${id} ${what}`] ?? '0'])),
            ...Object.fromEntries(FLAGS.map((what) => [what, fields[`${id} ${what}`] !== undefined])),
          },
        ];
      }),
    ),
    dead: listed,
    children: new Set(children as string[]),
    cancelled: new Set(cancelled as string[]),
    ends: new Map(flat.flatMap((id, i) => (i % 2 === 0 ? [[id, flat[i + 1] !== 'inf'] as const] : []))),
  };
}
