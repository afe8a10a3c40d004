/** The lists of what each image holds, made anew by `scripts/sbom.mjs`. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const IMAGES = ['monitor', 'elevator', 'worker'] as const;
export type Image = (typeof IMAGES)[number];

export interface Bom {
  readonly bomFormat: string;
  readonly components: readonly { name: string; version: string; purl: string; hashes?: object[] }[];
}

export async function listsOfImages(): Promise<Record<Image, Bom>> {
  const folder = await mkdtemp(join(tmpdir(), 'marblerun-bom-'));
  try {
    const cwd = new URL('../..', import.meta.url).pathname;
    await promisify(execFile)(process.execPath, ['scripts/sbom.mjs', folder], { cwd });
    const lists = IMAGES.map(async (image) => {
      const text = await readFile(join(folder, `${image}.cdx.json`), 'utf8');
      return [image, JSON.parse(text) as Bom] as const;
    });
    return Object.fromEntries(await Promise.all(lists)) as Record<Image, Bom>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `name@version` of each package. */
export function packagesOf({ components }: Bom): string[] {
  return components.map(({ purl }) => decodeURIComponent(/npm\/(.*)/.exec(purl)![1]!));
}

export function namesOf(bom: Bom): Set<string> {
  return new Set(packagesOf(bom).map((text) => text.slice(0, text.lastIndexOf('@'))));
}
