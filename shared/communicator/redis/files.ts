/**
 * Describes a file that cannot be read. A password or a key may have been given where a path belongs, so only what
 * looks like a path is shown. The error's message repeats the path, so only its code is shown.
 */
const PATH = /^[/.][^\p{Cc}]{0,300}$/u;

/** `the file "/run/secrets/redis" (ENOENT)` */
export function fileWithTrouble(path: string, error: unknown): string {
  const { code = 'not readable' } = error as NodeJS.ErrnoException;
  return `${PATH.test(path) ? `the file "${path}"` : 'the file that was named'} (${code})`;
}
