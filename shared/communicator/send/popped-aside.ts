/**
 * Remembers what was taken by BRPOP, which counts nothing. It is counted with the next pop.
 */
export interface Aside {
  readonly n: number;
  /** The batches that these are members of: `<id> <n> ...`; an id may come more than once. */
  readonly members: string;
}

const NONE: Aside = { n: 0, members: '' };

export class PoppedAside {
  readonly #byQueue = new Map<string, Aside>();

  add(queue: string, member: string | undefined): void {
    this.putBack(queue, { n: 1, members: member === undefined ? '' : `${member} 1` });
  }

  take(queue: string): Aside {
    const aside = this.#byQueue.get(queue) ?? NONE;
    this.#byQueue.delete(queue);
    return aside;
  }

  putBack(queue: string, { n, members }: Aside): void {
    const before = this.#byQueue.get(queue) ?? NONE;
    if (n > 0) this.#byQueue.set(queue, { n: before.n + n, members: `${before.members} ${members}`.trim() });
  }
}
