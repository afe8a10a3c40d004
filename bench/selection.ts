/**
 * Chooses what is measured, as the environment asks for it.
 *
 * `BENCH_ONLY` and `BENCH_WHO` are lists with commas. Commas in names do not count: `BENCH_ONLY=loop,consume
 * concurrency 50` are all rows of loops, and one of consumers: a part that is the whole name of a row means no other.
 * `BENCH_WHO=MarbleRun,BullMQ` are these in all their forms. A part writes no report.
 */
import type { Contestant } from './contestants/contestant.js';
import type { Workload } from './workloads/workload.js';

const ROUNDS = 5;

export class Selection {
  private constructor(
    readonly quick: boolean,
    readonly rounds: number,
    private readonly only: readonly string[] | undefined,
    private readonly who: readonly string[] | undefined,
  ) {}

  static of(env: NodeJS.ProcessEnv): Selection {
    const quick = Boolean(env['BENCH_QUICK']);
    const rounds = Number(env['BENCH_ROUNDS'] ?? (quick ? 1 : ROUNDS));
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`BENCH_ROUNDS=${rounds}: a whole number from 1 on`);
    return new Selection(quick, rounds, parts(env['BENCH_ONLY']), parts(env['BENCH_WHO']));
  }

  get isPart(): boolean {
    return this.only !== undefined || this.who !== undefined;
  }

  /** Returns the rows that were asked for. Throws where a part names none, as `contestants` does. */
  rows(all: readonly Workload[]): Workload[] {
    const whole = new Set(all.map(({ name }) => plain(name)));
    const isLike: Likeness = (name, part) => (whole.has(part) ? plain(name) === part : plain(name).includes(part));
    return chosen('BENCH_ONLY', all, this.only, isLike);
  }

  contestants(all: readonly Contestant[]): Contestant[] {
    return chosen('BENCH_WHO', all, this.who, (name, part) => plain(name) === part || name.startsWith(`${part},`));
  }
}

type Likeness = (name: string, part: string) => boolean;

function chosen<T extends { name: string }>(
  variable: string,
  all: readonly T[],
  wanted: readonly string[] | undefined,
  isLike: Likeness,
): T[] {
  if (!wanted) return [...all];
  for (const part of wanted) {
    if (all.some(({ name }) => isLike(name, part))) continue;
    throw new Error(
      `${variable}: nothing is like "${part}"; there are:\n  ${all.map(({ name }) => name).join('\n  ')}`,
    );
  }
  return all.filter(({ name }) => wanted.some((part) => isLike(name, part)));
}

const plain = (name: string) => name.replaceAll(',', '');

function parts(list: string | undefined): string[] | undefined {
  return list?.split(',').map((part) => part.trim());
}
