/**
 * A collection of entries that are under way. It has no order, and each entry is removed in one step wherever it is.
 *
 * It is not a `Set`. Whenever V8's Set makes room, its former table still refers to its entries and to the next table.
 * So entries that come and go fast are kept until a full garbage collection, and each minor one has to copy them all.
 */
/** A place for one entry. It is a class for the same reason as the entries that wait in `communicator/send/sender.ts`. */
export class Place<T> {
  constructor(
    readonly item: T,
    public index: number,
  ) {}
}

export class UnderWay<T> implements Iterable<T> {
  readonly #places: Place<T>[] = [];

  get size(): number {
    return this.#places.length;
  }

  add(item: T): Place<T> {
    const place = new Place(item, this.#places.length);
    this.#places.push(place);
    return place;
  }

  /** Removes a place. Call it once for each place. */
  remove(place: Place<T>): void {
    const last = this.#places.pop()!;
    if (last === place) return;
    this.#places[place.index] = last;
    last.index = place.index;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const { item } of [...this.#places]) yield item;
  }
}
