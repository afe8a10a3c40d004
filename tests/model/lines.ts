/** Lists by name, and items by group. */

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) lineOf(groups, keyOf(item)).push(item);
  return groups;
}

export function lineOf<T>(lines: Map<string, T[]>, name: string): T[] {
  let line = lines.get(name);
  if (!line) lines.set(name, (line = []));
  return line;
}
