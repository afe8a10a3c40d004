/**
 * Hearts as they should be: a process is missed where its connection has been gone for four quarters of its time, by the
 * same server that had shown it before. Where its container is said to have ended it is two quarters. Between two looks
 * half of these count at the most.
 */
import type { RunModel } from './run-model.js';

interface HeartModel {
  isConnected: boolean;
  shownBy: 'nobody' | 'this server' | 'another';
  /** Some look has found it gone, and how many quarters of its time have been counted since. */
  isMissed: boolean;
  quarters: number;
  /** Since the last look its whole time has passed, of which half is counted. */
  hasPassed: boolean;
}

export class HeartsModel {
  readonly all = new Map<string, HeartModel>();
  #looks = 0;

  constructor(private readonly run: RunModel) {}

  pulse(id: string): void {
    const before = this.all.get(id);
    const shownBy = before?.isConnected ? before.shownBy : 'nobody';
    this.all.set(id, { isConnected: true, shownBy, ...UNMISSED });
  }

  /**
   * `comesBack`: by another connection, when this look has found it gone for too long and has done nothing yet. `ended`:
   * those whose container is said to have ended, truly or not.
   */
  look(comesBack: string | undefined, ended: readonly string[]): void {
    this.#looks++;
    const over = [...this.all]
      .filter(([id, heart]) => this.#isOver(heart, ended.includes(id) ? 2 : 4))
      .map(([id]) => id);
    for (const id of over) {
      this.all.delete(id);
      if (id === comesBack) this.pulse(id);
    }
    for (const holder of this.run.holders.values()) {
      const heart = holder.about?.heart;
      if (heart === undefined || heart === comesBack || !over.includes(heart) || holder.entry !== 'alive') continue;
      holder.entry = 'expired';
      holder.expiredAt = this.#looks;
    }
  }

  #isOver(heart: HeartModel, quarters: 2 | 4): boolean {
    if (heart.isConnected) Object.assign(heart, UNMISSED, { shownBy: 'this server' });
    else if (heart.shownBy === 'this server') {
      if (heart.hasPassed) heart.quarters += quarters / 2;
      Object.assign(heart, { isMissed: true, hasPassed: false });
    }
    return heart.isMissed && heart.shownBy === 'this server' && heart.quarters >= quarters;
  }
}

const UNMISSED = { isMissed: false, quarters: 0, hasPassed: false };
