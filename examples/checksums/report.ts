/**
 * The report in the format of `sha256sum`, sorted by the bytes of the names. Names are relative to the folder, so
 * `sha256sum --check` can be run there.
 */
import type { Outcome } from './job.js';

/** Returns the report as bytes, since names are bytes. */
export function report(folder: string, outcomes: Iterable<Outcome>): Buffer {
  const sums = [...outcomes]
    .filter(({ sum }) => sum !== undefined)
    .map(({ path, sum }) => ({ sum: sum!, name: `.${path.slice(folder.length)}` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return Buffer.from(sums.map(({ sum, name }) => line(sum, name)).join(''), 'latin1');
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' };

/**
 * Writes one line, escaped as coreutils has done since 9.0: a name with a backslash or a line break is escaped, and its
 * line begins with a backslash.
 */
export function line(sum: string, name: string): string {
  const escaped = name.replace(/[\\\n\r]/g, (character) => ESCAPES[character]!);
  return `${escaped === name ? '' : '\\'}${sum}  ${escaped}\n`;
}
