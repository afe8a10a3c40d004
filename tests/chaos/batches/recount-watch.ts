/**
 * Recounts all batches of a run again and again while the faults strike, past the proxies, and writes down what was wrong.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Historian } from '../history.js';
import { MEMBERS } from '../plan.js';
import type { Side } from '../stage.js';
import { lookAtBatches } from './look.js';
import { recount, sums } from './recount.js';

const PAUSE_MS = 250;
/** Redis is to have other work too: a pause lasts so many times as long as the look before it. */
const LOOK_SHARE = 3;
/** Wrongs that are written down of one look. */
const MOST_WRONG = 10;

export class RecountWatch {
  #isOpen = true;
  readonly #over: Promise<void>;

  constructor(
    private readonly side: Pick<Side, 'run' | 'hand'>,
    private readonly history: Historian,
  ) {
    this.#over = this.#watch();
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    await this.#over;
  }

  async #watch(): Promise<void> {
    while (this.#isOpen) {
      const began = Date.now();
      await this.#look().catch(() => undefined); // Redis is away: then nothing is seen
      await sleep(Math.max(PAUSE_MS, LOOK_SHARE * (Date.now() - began)), undefined, { ref: false });
    }
  }

  async #look(): Promise<void> {
    const { run, hand } = this.side;
    const seen = await lookAtBatches(hand, run);
    const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0);
    const { batches, alive, letters } = seen;
    this.history.write({ e: 'recount', run, batches: batches.length, alive: total(alive), dead: total(letters) });
    for (const what of [...recount(seen), ...sums(seen, MEMBERS)].slice(0, MOST_WRONG))
      this.history.write({ e: 'miscount', run, what });
  }
}
