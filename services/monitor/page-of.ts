/**
 * A page of very many names, in order. All names are looked at, and no more are kept than the page holds.
 */
export interface Page {
  /** The number of names that match. */
  readonly total: number;
  readonly names: readonly string[];
  /** The last name of the page, where more follow. */
  readonly next: string | undefined;
}

export interface PageQuery {
  readonly limit: number;
  /** The name behind which the page begins. */
  readonly after?: string | undefined;
  /** A text that the names must contain. */
  readonly name?: string | undefined;
}

export async function pageOf(
  steps: AsyncIterable<readonly string[]>,
  { limit, after = '', name = '' }: PageQuery,
): Promise<Page> {
  let total = 0;
  let names: string[] = [];
  for await (const some of steps) {
    const matching = some.filter((one) => one.includes(name));
    total += matching.length;
    names = [...names, ...matching.filter((one) => one > after)].sort(byCode).slice(0, limit + 1);
  }
  const page = names.slice(0, limit);
  return { total, names: page, next: names.length > limit ? page.at(-1) : undefined };
}

const byCode = (a: string, b: string) => (a < b ? -1 : 1);
