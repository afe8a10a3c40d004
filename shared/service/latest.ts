/**
 * One reading for all who look. They must be answered in time, whatever Redis does.
 *
 * After a reading nothing is read for four times as long as it took. So however many ask, and however much there is to
 * read, at most a fifth of the time goes into it. What may go wrong: a reading takes longer than a scrape may. Then the
 * next scrape shows its result while that is fresh, and no second reading begins beside it.
 */

/** The patience of a look, shorter than the timeouts of scrapes: a value that is not there by then is left out. */
const PATIENCE_MS = 1500;
const FRESH_MS = 30_000;
/**
 * The rest after a reading, as a multiple of the time that it took, and at most half the time for which its value is
 * shown.
 */
const REST = { times: 4, mostMs: FRESH_MS / 2 };

export class Latest<T> {
  #underWay: Promise<void> | undefined;
  #value: { readonly is: T; readonly at: number; readonly restMs: number } | undefined;

  constructor(private readonly read: () => Promise<T>) {}

  /** Returns the latest value. Undefined where nothing was read in time and no fresh value exists. Never throws. */
  async get(patienceMs = PATIENCE_MS): Promise<T | undefined> {
    if (this.#ageMs >= (this.#value?.restMs ?? 0))
      this.#underWay ??= this.#read().finally(() => (this.#underWay = undefined));
    if (this.#underWay) await atMost(this.#underWay, patienceMs);
    return this.#ageMs < FRESH_MS ? this.#value?.is : undefined;
  }

  get #ageMs(): number {
    return Date.now() - (this.#value?.at ?? 0);
  }

  async #read(): Promise<void> {
    const begun = Date.now();
    try {
      const is = await this.read();
      const at = Date.now();
      this.#value = { is, at, restMs: Math.min(REST.mostMs, REST.times * (at - begun)) };
    } catch {
      this.#value = undefined;
    }
  }
}

/** Returns whether the work ends well before a scrape has to be answered. */
export async function answers(work: () => Promise<unknown>): Promise<boolean> {
  const ended = work().then(
    () => true,
    () => false,
  );
  return (await atMost(ended, PATIENCE_MS)) ?? false;
}

async function atMost<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
