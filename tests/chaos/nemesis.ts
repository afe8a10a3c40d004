/**
 * Draws faults from a seed and lets them strike: storms, in which small ones come many a second and
 * great ones one after the other, and calm weather between, in which only workers die and recovery
 * must be on time. Every fault is written to the history.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CALM, HEAVY, LIGHT, type Fault } from './faults.js';
import type { Historian } from './history.js';
import { Random } from './random.js';
import type { Stage } from './stage.js';

const STORM_MS = 20_000;
const CALM_MS = 8000;
/** Longer than any fault lasts, also on a machine that has much to do. */
const OVER_MS = 60_000;

export class Nemesis {
  /** Counts by kind. */
  readonly struck = new Map<string, number>();
  readonly #under = new Set<Promise<unknown>>();

  constructor(
    private readonly stage: Stage,
    private readonly history: Historian,
    private readonly seed: number,
  ) {}

  /** Resolves when everything that it did is over. */
  async rage(ms: number): Promise<void> {
    const end = Date.now() + ms;
    const [light, heavy, calm] = [1, 2, 3].map((n) => new Random(this.seed + n));
    for (;;) {
      await this.#storm(light!, heavy!, Math.min(end, Date.now() + STORM_MS));
      if (Date.now() >= end) break;
      await this.#strikes(CALM, calm!, Date.now() + CALM_MS, [1000, 2500]);
    }
    await Promise.all(this.#under);
  }

  /** Nobody can be on time in a storm, nor before all that it killed has come back. */
  async #storm(light: Random, heavy: Random, end: number): Promise<void> {
    const t = Date.now();
    await this.stage.arm(true);
    await Promise.all([this.#strikes(LIGHT, light, end, [10, 90]), this.#strikes(HEAVY, heavy, end, [100, 1200])]);
    await Promise.all(this.#under);
    await this.stage.arm(false);
    await this.stage.settled();
    this.history.write({ t, e: 'fault', kind: 'storm', until: Date.now() + 1000, stops: true });
  }

  async #strikes(table: readonly Fault[], random: Random, end: number, gapMs: [number, number]) {
    const drawn = table.flatMap((fault) => Array<Fault>(fault.weight).fill(fault));
    while (Date.now() < end) {
      const fault = random.pick(drawn);
      const { ms, over } = fault.strike(this.stage, random);
      this.history.write({ e: 'fault', kind: fault.kind, until: Date.now() + ms, stops: false });
      this.struck.set(fault.kind, (this.struck.get(fault.kind) ?? 0) + 1);
      const done = inTime(fault.kind, over).catch((error: unknown) => {
        if (!/Connection is closed|ECONN|loading|OOM/i.test(String(error))) throw error; // its own hand was cut off by another fault
      });
      if (table === HEAVY) await done;
      else {
        this.#under.add(done);
        void done.finally(() => this.#under.delete(done));
      }
      await sleep(random.whole(...gapMs));
    }
  }
}

/** A fault that never ends would end nothing else either, and nobody would know which it was. */
async function inTime(kind: string, over: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  const deadline = sleep(OVER_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`the fault "${kind}" is not over after ${OVER_MS} ms`);
  });
  deadline.catch(() => undefined);
  await Promise.race([over, deadline]).finally(() => late.abort());
}
