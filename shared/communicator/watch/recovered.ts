/**
 * Signs by which it is known that a marble is to be taken back.
 *
 *   lease       its holder was silent for as long as its lease
 *   connection  the connection of its process was gone (lua/lapse.lua)
 *   docker      its container had ended
 *   limit       it was over its time limit
 *   abandoned   its holder waited for the next one without a finish
 */
export const RECOVERED_BY = ['lease', 'connection', 'docker', 'limit', 'abandoned'] as const;

/** How many marbles were taken back by each sign. */
export type Recovered = Record<(typeof RECOVERED_BY)[number], number>;

export function noneRecovered(): Recovered {
  return { lease: 0, connection: 0, docker: 0, limit: 0, abandoned: 0 };
}

/**
 * Reads the field `by` of a holder: `<what> <date>`. Whoever ends a lease before its time writes that, with the date that
 * the lease has from then on. Where the lease has another date by now, the holder has beaten since, and its lease tells
 * again.
 */
export function toldBy(by: string | null | undefined, ends: string | null): 'lease' | 'connection' | 'docker' {
  const [what, date] = by?.split(' ') ?? [];
  return date === ends && (what === 'connection' || what === 'docker') ? what : 'lease';
}
