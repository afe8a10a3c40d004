/**
 * The greatest of many, of which only as many are kept as are wanted.
 */
const MARGIN = 100;

export class Greatest<T> {
  #kept: T[] = [];

  constructor(
    private readonly most: number,
    private readonly sizeOf: (item: T) => number,
  ) {}

  add(items: readonly T[]): void {
    for (const item of items) {
      this.#kept.push(item);
      if (this.#kept.length > 2 * this.most + MARGIN) this.#cut(); // now and then: a sort for each would cost more
    }
  }

  /** The greatest first. */
  get ranking(): readonly T[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept = this.#kept.sort((a, b) => this.sizeOf(b) - this.sizeOf(a)).slice(0, this.most);
  }
}
