/** Makes the lists of what each image holds, with `scripts/sbom.mjs`. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const IMAGES = ['monitor', 'elevator', 'worker'] as const;
export type Image = (typeof IMAGES)[number];

export interface Bom {
  readonly bomFormat: string;
  readonly components: readonly Component[];
}
export interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  /** The package's URL; the entry of the system itself has none. */
  readonly purl?: string;
  readonly hashes?: object[];
}

/**
 * Makes the lists. With `env`, docker-compose.yml names built images in that environment, and their systems are listed
 * too.
 */
export async function listsOfImages(env?: Record<string, string>): Promise<Record<Image, Bom>> {
  const folder = await mkdtemp(join(tmpdir(), 'marblerun-bom-'));
  try {
    const options = { cwd: new URL('../..', import.meta.url).pathname, env: { ...process.env, ...env } };
    const args = ['scripts/sbom.mjs', folder, ...(env ? ['--images'] : [])];
    await promisify(execFile)(process.execPath, args, options);
    const lists = IMAGES.map(async (image) => {
      const text = await readFile(join(folder, `${image}.cdx.json`), 'utf8');
      return [image, JSON.parse(text) as Bom] as const;
    });
    return Object.fromEntries(await Promise.all(lists)) as Record<Image, Bom>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lists `name@version` of each package of npm, or of the system (`deb`, `apk`). */
export function packagesOf({ components }: Bom, kind = 'npm'): string[] {
  const ofKind = components.filter(({ purl }) => purl?.startsWith(`pkg:${kind}/`));
  return ofKind.map(({ purl, name, version }) =>
    kind === 'npm' ? decodeURIComponent(/npm\/(.*)/.exec(purl!)![1]!) : `${name}@${version}`,
  );
}

export function namesOf(bom: Bom): Set<string> {
  return new Set(packagesOf(bom).map((text) => text.slice(0, text.lastIndexOf('@'))));
}
