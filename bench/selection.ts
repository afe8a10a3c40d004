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
  readonly quick: boolean;
  readonly rounds: number;
  /** True where a run that ended early is gone on with (`kept.ts`). */
  readonly resumes: boolean;
  private readonly only: readonly string[] | undefined;
  private readonly who: readonly string[] | undefined;

  private constructor(env: NodeJS.ProcessEnv) {
    this.quick = Boolean(env['BENCH_QUICK']);
    this.rounds = Number(env['BENCH_ROUNDS'] ?? (this.quick ? 1 : ROUNDS));
    this.resumes = Boolean(env['BENCH_RESUME']);
    this.only = parts(env['BENCH_ONLY']);
    this.who = parts(env['BENCH_WHO']);
  }

  static of(env: NodeJS.ProcessEnv): Selection {
    const selection = new Selection(env);
    const { rounds, resumes, isPart } = selection;
    if (!Number.isInteger(rounds) || rounds < 1)
      throw new Error(`BENCH_ROUNDS=${env['BENCH_ROUNDS']}: a whole number from 1 on`);
    if (resumes && isPart) throw new Error('BENCH_RESUME: a part is not kept, and not gone on with');
    return selection;
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
