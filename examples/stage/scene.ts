/** A scene sets a stage for one example, lets its programs act, and returns when all has been seen. */
import { until, type Program } from '@marblerun/test-support';
import type { Bus, Stage } from './stage.js';

export interface Scene {
  /** The title of the scene: one line, for the list. */
  readonly title: string;
  readonly play: (stage: Stage) => Promise<void>;
}

/** The time that any one step may take, even on a busy machine. */
export const PATIENCE_MS = 120_000;

/** Waits for programs that end by themselves. Throws when one ends otherwise than well, or not within PATIENCE_MS. */
export async function ended(...programs: readonly Program[]): Promise<void> {
  const all = () => programs.every((program) => !program.running);
  await until('the programs have ended', all, { deadlineMs: PATIENCE_MS });
  for (const { code, signal } of await Promise.all(programs.map((program) => program.exited))) {
    if (code !== 0) throw new Error(`a program ended with ${signal ?? String(code)}`);
  }
}

interface Dead {
  readonly queue: string;
  readonly data: string;
  readonly attempts: number;
  readonly hops?: number;
  readonly reason: Readonly<Record<string, unknown>>;
}

/** Waits until a marble of this bus is dead, and returns what its Monitor says of it. */
export async function firstDead({ name, monitor }: Bus): Promise<Dead> {
  const list = () => monitor.get<{ dead: Dead[] }>(`/api/runs/${name}/dead`);
  return until(`a marble is dead in ${name}`, async () => (await list()).dead[0], { deadlineMs: PATIENCE_MS });
}
