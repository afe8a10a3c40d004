/**
 * A collection of what is under way: in no order; each is taken out in one step wherever it is.
 *
 * Not a `Set`: whenever that of V8 makes room, its former table still names what was in it and the next table, so what
 * comes and goes fast is kept until a full garbage collection, and each small one has it all to copy.
 */
/** A class, for the same reason as what waits in `communicator/sender.ts`. */
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

  /** Each place once. */
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
