/**
 * How a file is spoken of that cannot be read. A password or a key may have been given where a path belongs, so only what
 * looks like a path is shown, and of the error its code alone, for its message repeats the path.
 */
const PATH = /^[/.][^\p{Cc}]{0,300}$/u;

/** `the file "/run/secrets/redis" (ENOENT)` */
export function fileWithTrouble(path: string, error: unknown): string {
  const { code = 'not readable' } = error as NodeJS.ErrnoException;
  return `${PATH.test(path) ? `the file "${path}"` : 'a file of the name that was given'} (${code})`;
}
