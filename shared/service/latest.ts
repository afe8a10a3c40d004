/**
 * A reading for a scrape, which must be answered in time whatever Redis does.
 *
 * What may go wrong: it takes longer than a scrape may. Then what it gave is shown by the next scrape, while it is fresh,
 * and no second one is begun beside it.
 */

/** Shorter than the timeouts of scrapes: what is not there by then is left out. */
const PATIENCE_MS = 1500;
const FRESH_MS = 30_000;

export class Latest<T> {
  #underWay: Promise<void> | undefined;
  #value: { readonly is: T; readonly at: number } | undefined;

  constructor(private readonly read: () => Promise<T>) {}

  /** Undefined where nothing was read in time and nothing fresh is there. Never throws. */
  async get(): Promise<T | undefined> {
    this.#underWay ??= this.#read().finally(() => (this.#underWay = undefined));
    await atMost(this.#underWay, PATIENCE_MS);
    return this.#value && Date.now() - this.#value.at < FRESH_MS ? this.#value.is : undefined;
  }

  async #read(): Promise<void> {
    try {
      const is = await this.read();
      this.#value = { is, at: Date.now() };
    } catch {
      this.#value = undefined;
    }
  }
}

/** Does it answer now? True when the work ends well before a scrape has to be answered. */
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
