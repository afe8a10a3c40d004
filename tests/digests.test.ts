/**
 * The script that pins base images to their digests, with a small registry of its own. It asks that registry only what
 * it would ask a real one: what a tag is now, and its manifest.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { story } from './story.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCKERFILES = ['Dockerfile.monitor', 'Dockerfile.elevator', 'examples/Dockerfile.worker'];
const REDIS = 'k8s/redis/redis.yaml';
const FILES = [...DOCKERFILES, REDIS];
const TYPE = 'application/vnd.oci.image.index.v1+json';

function whyNoBuildx(): string {
  try {
    execFileSync('docker', ['buildx', 'version'], { stdio: 'ignore' });
    return '';
  } catch (error) {
    return `"docker buildx" cannot be run: ${(error as Error).message}`;
  }
}

/** The manifests that are there now, by name and tag. */
const tags = new Map<string, string>();
const digestOf = (manifest: string) => `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
const manifest = (note: string) =>
  JSON.stringify({ schemaVersion: 2, mediaType: TYPE, manifests: [], annotations: { note } });

let registry: Server;
let folder: string;
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const host = () => `127.0.0.1:${(registry.address() as AddressInfo).port}`;

beforeAll(async () => {
  registry = createServer(({ method, url = '' }, reply) => {
    const [, name, reference = ''] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(url) ?? [];
    const found = reference.startsWith('sha256:')
      ? [...tags.values()].find((text) => digestOf(text) === reference)
      : tags.get(`${name}:${reference}`);
    if (found === undefined) return void reply.writeHead(url === '/v2/' ? 200 : 404).end();
    reply.writeHead(200, {
      'content-type': TYPE,
      'docker-content-digest': digestOf(found),
      'content-length': found.length,
    });
    reply.end(method === 'HEAD' ? undefined : found);
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void registry.close());

/** Copies the real files, pinned as they are, with the registry of the test before each name of an image. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'marblerun-digests-'));
  for (const file of FILES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(folder, file));
    const text = read(file).replaceAll(/(ARG NODE_IMAGE=|image: )(?=(node|redis):)/g, `$1${host()}/`);
    writeFileSync(join(folder, file), text);
  }
  tags.set('node:24-bookworm-slim', manifest('node')).set('redis:8.0-bookworm', manifest('redis'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Resolves with the exit code of the script, and with what it wrote. */
function run(...args: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'scripts/digests.mjs'), ...args, folder], (error, out, problems) =>
      resolve({ code: error ? Number(error.code) : 0, out: out + problems }),
    );
  });
}

test('every image in a file that is shipped is pinned', () => {
  for (const file of FILES) {
    const images = [...read(file).matchAll(/^(?:ARG \w+_IMAGE=|\s*image: )(.*)$/gm)].map(([, image]) => image);
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect([file, image]).toEqual([file, expect.stringMatching(/@sha256:[0-9a-f]{64}$/)]);
  }
});

story('digests', whyNoBuildx(), () => {
  test('each image is pinned to what its tag is now, and again when that moves on; nothing else is changed', async () => {
    const before = FILES.map(read);
    expect((await run('--check')).code).toBe(1);
    expect(FILES.map(read)).toEqual(before);

    expect(await run()).toMatchObject({ code: 0, out: expect.stringMatching(/2 images asked for, 4 files changed/) });
    for (const file of DOCKERFILES)
      expect(read(file)).toContain(`ARG NODE_IMAGE=${host()}/node:24-bookworm-slim@${digestOf(manifest('node'))}\n`);
    expect(read(REDIS).match(new RegExp(`redis:8.0-bookworm@${digestOf(manifest('redis'))}\n`, 'g'))).toHaveLength(2);
    const unpinned = (text: string) => text.replaceAll(/@sha256:[0-9a-f]{64}/g, '');
    expect(FILES.map(read).map(unpinned)).toEqual(before.map(unpinned));
    expect(await run('--check')).toMatchObject({ code: 0, out: expect.stringMatching(/0 files out of date/) });

    tags.set('node:24-bookworm-slim', manifest('node, with a fix'));
    const { code, out } = await run('--check');
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/Dockerfile\.monitor: .* is pinned to sha256:\w+; it is sha256:/),
    ]);
    await run();
    for (const file of DOCKERFILES) expect(read(file)).toContain(digestOf(manifest('node, with a fix')));
  });

  test('an image that was never pinned is', async () => {
    writeFileSync(join(folder, REDIS), read(REDIS).replaceAll(/@sha256:[0-9a-f]{64}/g, ''));
    expect(await run('--check')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/redis:8\.0-bookworm is not pinned/),
    });
    await run();
    expect(read(REDIS)).toContain(digestOf(manifest('redis')));
  });

  test('where a registry lacks one of the images, that is told and nothing is changed', async () => {
    tags.delete('redis:8.0-bookworm');
    const before = FILES.map(read);
    const { code, out } = await run();
    expect([code, out]).toEqual([1, expect.stringMatching(/redis:8\.0-bookworm[^]*not found/)]);
    expect(FILES.map(read)).toEqual(before);
  });
});
