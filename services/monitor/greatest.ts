/**
 * Finds the greatest of many items, and keeps no more of them than are wanted.
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
      // only now and then, since a sort for each item would cost more
      if (this.#kept.length > 2 * this.most + MARGIN) this.#cut();
    }
  }

  /** The items, the greatest first. */
  get ranking(): readonly T[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept = this.#kept.sort((a, b) => this.sizeOf(b) - this.sizeOf(a)).slice(0, this.most);
  }
}
