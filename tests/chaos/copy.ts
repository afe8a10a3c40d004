/**
 * A copy of the built packages in a folder of its own, to be changed or left in peace: what runs from
 * it is not touched by what is built meanwhile, and what is broken in it is broken nowhere else.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Package name → its folder. */
const PACKAGES = {
  marblerun: 'shared',
  '@marblerun/internal': 'shared/internal',
  '@marblerun/service': 'shared/service',
  '@marblerun/monitor': 'services/monitor',
  '@marblerun/elevator': 'services/elevator',
  '@marblerun/test-support': 'tests/support',
  '@marblerun/tests': 'tests',
};

export function copyBuilt(to: string): void {
  const modules = join(to, 'node_modules');
  mkdirSync(join(modules, '@marblerun'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== 'marblerun' && name !== '@marblerun')
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const [name, folder] of Object.entries(PACKAGES)) {
    for (const part of ['package.json', 'index.js', 'dist', 'communicator/lua', 'node_modules']) {
      const from = join(root, folder, part);
      if (!existsSync(from)) continue;
      mkdirSync(dirname(join(to, folder, part)), { recursive: true });
      if (part === 'node_modules') symlinkSync(from, join(to, folder, part));
      else cpSync(from, join(to, folder, part), { recursive: true });
    }
    symlinkSync(join(to, folder), join(modules, name));
  }
}
