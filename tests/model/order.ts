/** The order in which Redis has members of a sorted set that have one date. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
