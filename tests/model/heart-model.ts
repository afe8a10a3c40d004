/**
 * Hearts as they should be: a process is missed where its connection has been gone for two halves of its time, by the
 * same server that had shown it before.
 */
import type { RunModel } from './run-model.js';

interface HeartModel {
  isConnected: boolean;
  shownBy: 'nobody' | 'this server' | 'another';
  /** Some look has found it gone, and how many halves of its time have been counted since. */
  isMissed: boolean;
  halves: number;
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

  /** `comesBack`: by another connection, when this look has found it gone for too long and has done nothing yet. */
  look(comesBack: string | undefined): void {
    this.#looks++;
    const over = [...this.all].filter(([, heart]) => this.#isOver(heart)).map(([id]) => id);
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

  #isOver(heart: HeartModel): boolean {
    if (heart.isConnected) Object.assign(heart, UNMISSED, { shownBy: 'this server' });
    else if (heart.shownBy === 'this server') {
      if (heart.hasPassed) heart.halves++;
      Object.assign(heart, { isMissed: true, hasPassed: false });
    }
    return heart.halves >= 2;
  }
}

const UNMISSED = { isMissed: false, halves: 0, hasPassed: false };
