/**
 * Busy polling: keeps the event loop turning while one short command is under way, so that its answer needs no wake-up
 * by the kernel. Linux does the same for a socket with SO_BUSY_POLL.
 *
 * Between two cores a wake-up takes longer than a short command does. But turning takes a core, and where Redis or
 * another program needs that core, every answer comes later. So it tests itself: at first, and again after many commands,
 * some go with it and some without, and what was quicker is kept. What may go wrong: Redis is far away, or slow. Then
 * the loop turns for `MOST_MS` and sleeps, and the next test finds that this gains nothing.
 */

/** How long the loop turns for one command. An answer that takes longer gains little by it. */
const MOST_MS = 0.25;
/** A test compares that many commands of each kind, in short blocks by turns. */
const OF_EACH = 64;
const BLOCK = 16;
/** From one test to the next there are twice as many commands each time: the first ones run before code is compiled. */
const FIRST_PAUSE = 1024;
const MOST_PAUSE = 32_768;
/** Turning is worth a core only where commands take at most this share of the time that they take without it. */
const WORTH = 0.9;
/** The longest time that counts in a test: a pause of the process says nothing about either kind. */
const LONGEST_MS = 0.5;

/** Decides for each command whether the loop turns meanwhile. */
export class PollTrial {
  #isOn = false;
  #n = 0;
  #pause = FIRST_PAUSE;
  #ms = { with: 0, without: 0 };

  /** True: the loop is to turn during the next command. */
  get isOn(): boolean {
    return this.#n < 2 * OF_EACH ? Math.floor(this.#n / BLOCK) % 2 === 1 : this.#isOn;
  }

  /** Takes the time of a command that was alone. */
  took(ms: number): void {
    if (this.#n < 2 * OF_EACH) this.#ms[this.isOn ? 'with' : 'without'] += Math.min(ms, LONGEST_MS);
    this.#n++;
    if (this.#n === 2 * OF_EACH) this.#isOn = this.#ms.with < WORTH * this.#ms.without;
    if (this.#n < this.#pause) return;
    this.#n = 0;
    this.#pause = Math.min(2 * this.#pause, MOST_PAUSE);
    this.#ms = { with: 0, without: 0 };
  }
}

export class BusyPoll {
  readonly #trial = new PollTrial();
  #underWay = 0;
  #isTurning = false;
  /** The time until which the loop turns. */
  #until = 0;
  /** True: no other command was under way since the latest one began. */
  #isAlone = false;

  /** Runs a command, and keeps the loop turning until its answer is there. */
  async during<T>(command: () => Promise<T>): Promise<T> {
    this.#isAlone = this.#underWay++ === 0;
    const began = performance.now();
    try {
      const asked = command();
      if (this.#isAlone && this.#trial.isOn) this.#turnUntil(began + MOST_MS);
      return await asked;
    } finally {
      this.#underWay--;
      if (this.#isAlone) this.#trial.took(performance.now() - began);
    }
  }

  #turnUntil(time: number): void {
    this.#until = time;
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isTurning = this.#underWay === 1 && performance.now() < this.#until;
    if (this.#isTurning) setImmediate(this.#turn);
  };
}
