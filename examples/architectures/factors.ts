/** The types that the three programs of the architectures share, and the work itself: the prime factors of a number. */

/** A number in queue `numbers`; its answer goes to queue `answers-<home>` of the run `home`. */
export interface Task {
  readonly number: number;
  readonly home: string;
}

export interface Answer {
  readonly number: number;
  readonly factors: readonly number[];
  /** The node that found them. */
  readonly by: string;
}

export type Queues = { numbers: Task } & Record<`answers-${string}`, Answer>;

/** Divides by trial: this takes milliseconds for small numbers, and a good part of a second for the largest. */
export function factorsOf(number: number): number[] {
  const factors: number[] = [];
  let rest = number;
  for (let divisor = 2; divisor * divisor <= rest; divisor++) {
    while (rest % divisor === 0) {
      factors.push(divisor);
      rest /= divisor;
    }
  }
  if (rest > 1) factors.push(rest);
  return factors;
}
