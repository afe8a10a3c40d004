/**
 * A holder's client as it should be: what it believes of the holder that Redis has.
 */
import type { FrozenModel } from './blocked-moves.js';

/** The count of numbers that are kept for marbles that come in one wait. */
export const MOST_IN_INBOX = 4;

/** A marble that may be in the inbox: under which number, and whether the client has seen it. */
export interface InboxModel {
  readonly seq: number;
  known: boolean;
}

export class ClientModel {
  seq = 1;
  waitsOn = '';
  inbox: InboxModel | undefined;
  /** The last command of it that the client knows to be noted. */
  noted = 0;
  /** The last command that took something, and the first number that it gave. */
  lastTake = { command: 0, firstSeq: 0 };
  takesAhead = false;
  /**
   * True where it was noted that the client waits on its connection. From then on the note and the wait go together.
   */
  waitNoted = false;
  /** True where the client has ended its connection, having heard that it is forgotten. */
  hasCut = false;
  /** True where more may wait, as far as the client knows of its last wait. */
  mayStillWait = false;
  /** The number of numbered commands that the client has sent. */
  commands = 0;
  /** The highest number on which work has begun; work may begin on higher ones. */
  begun = 0;
  mayBeginFrom = 0;
  isFrozen = false;

  /** Begins work on the marble with this number, unless it may have been given back. */
  startWork(seq: number): boolean {
    if (seq < this.mayBeginFrom) return false;
    if (this.isFrozen) {
      this.isFrozen = false;
      this.mayBeginFrom = this.seq;
      return false;
    }
    this.begun = Math.max(this.begun, seq);
    return true;
  }

  freeze(): FrozenModel {
    this.isFrozen = true;
    return { begun: this.begun, commands: this.commands, mayBeInInbox: this.inbox?.known === false };
  }
}
