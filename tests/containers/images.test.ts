/**
 * The contents of our images: the packages that their lists name and no others, and nothing that lies about in a
 * checkout.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { IMAGES, listsOfImages, packagesOf, type Bom, type Image } from '../sbom.js';
import { story } from '../story.js';
import { LIST_PACKAGES } from './inside.js';
import { whyNoEngine } from './stack.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCKERFILES: Readonly<Record<Image, string>> = {
  monitor: 'Dockerfile.monitor',
  elevator: 'Dockerfile.elevator',
  worker: 'examples/Dockerfile.worker',
};
const PROJECT = `marblerun-images-${process.pid}`;
const tagOf = (image: Image) => `${PROJECT}-${image}:0.1.0`;
const STRAY = ['tls.key', '.env', 'id_rsa', 'secrets.json', 'dump.rdb'];
const SECRET = randomBytes(32).toString('hex');
const run = promisify(execFile);

jest.setTimeout(600_000);

/**
 * Copies the files of this checkout that git knows, and puts stray files into every folder, even into those that a
 * build leaves behind.
 */
function littered(): string {
  const folder = mkdtempSync(join(tmpdir(), 'marblerun-stray-'));
  chmodSync(folder, 0o755); // as in a checkout, so that the layers built from one are reused
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files.filter((it) => existsSync(join(ROOT, it)))) cpSync(join(ROOT, file), join(folder, file));
  const built = ['shared/dist', 'shared/service/dist', 'services/monitor/dist', 'examples/dist', 'node_modules/x'];
  for (const path of new Set([...files.map(dirname), ...built]))
    for (const name of STRAY) {
      cpSync(join(ROOT, 'LICENSE'), join(folder, path, name)); // this makes the folder too
      writeFileSync(join(folder, path, name), SECRET);
    }
  return folder;
}

/** Looks through all layers of images for each text, byte by byte. */
async function foundIn(images: readonly string[], texts: readonly string[]): Promise<string[]> {
  const saved = spawn('docker', ['save', ...images], { stdio: ['ignore', 'pipe', 'inherit'] });
  const found = new Set<string>();
  let last = Buffer.alloc(0);
  for await (const chunk of saved.stdout) {
    const bytes = Buffer.concat([last, chunk as Buffer]);
    for (const text of texts) if (bytes.includes(text)) found.add(text);
    last = bytes.subarray(-100);
  }
  return [...found];
}

/** Returns what a program of an image prints. */
async function inImage(image: Image, program: string, ...args: string[]): Promise<string> {
  const command = ['run', '--rm', '--network=none', `--entrypoint=${program}`, tagOf(image), ...args];
  return (await run('docker', command)).stdout.trim();
}

story('images', await whyNoEngine(), () => {
  let folder: string;
  let lists: Record<Image, Bom>;

  beforeAll(async () => {
    folder = littered();
    const base = ['--build-arg', `NODE_IMAGE=${process.env['NODE_IMAGE'] ?? 'node:24-bookworm-slim'}`];
    for (const image of IMAGES) {
      const place = ['--file', DOCKERFILES[image], '--tag', tagOf(image), '.'];
      await run('docker', ['build', '--quiet', ...base, ...place], { cwd: folder });
    }
    lists = await listsOfImages({ COMPOSE_PROJECT_NAME: PROJECT });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await run('docker', ['image', 'rm', '--force', ...IMAGES.map(tagOf)]);
  });

  test('a key in every folder of the checkout is in no image', async () => {
    expect(await foundIn(IMAGES.map(tagOf), [SECRET, 'MIT License'])).toEqual(['MIT License']);
  });

  test.each(IMAGES)(
    'the %s holds exactly the packages that its list names, of npm and of its system',
    async (image) => {
      const held = JSON.parse(await inImage(image, 'node', '-p', LIST_PACKAGES)) as string[];
      // without the image itself
      const named = packagesOf(lists[image]).filter((text) => !text.startsWith(`marblerun-${image}@`));
      expect(held).toEqual([...new Set(named)].sort());

      const installed = await inImage(image, 'dpkg-query', '--show', '--showformat=${Package}@${Version}\\n');
      expect(installed).toMatch(/^libc6@/m);
      expect(packagesOf(lists[image], 'deb').sort()).toEqual(installed.split('\n').sort());

      const node = await inImage(image, 'node', '-p', 'process.versions.node');
      expect(lists[image].components).toContainEqual(expect.objectContaining({ name: 'node', version: node }));
    },
  );
});
