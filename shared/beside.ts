/**
 * Files that lie beside a module of this package. A bundle leaves them behind, and then there is none.
 */
import { existsSync } from 'node:fs';

/** `module`: its `import.meta.url`, for which a bundler may write nothing. */
export function beside(module: string | undefined, path: string): URL | undefined {
  if (!module?.startsWith('file:')) return undefined;
  const file = new URL(path, module);
  return existsSync(file) ? file : undefined;
}
