/**
 * Pins the images that ours are built on or run beside to the digest that their tag has now. With --check it changes
 * nothing, and fails where an image is not pinned or its tag has moved on. `make digests` runs it before a release, for
 * the fixes of the base images.
 *
 * `docker buildx imagetools` asks each image's own registry, with the logins and mirrors of this machine. What may go
 * wrong: a registry does not answer, or has no such tag. Then nothing is changed.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const FILES = ['Dockerfile.monitor', 'Dockerfile.elevator', 'examples/Dockerfile.worker', 'k8s/redis/redis.yaml'];
const IMAGE = /^(ARG \w+_IMAGE=|\s*image: )([\w./:-]+:[\w.-]+)(@sha256:[0-9a-f]{64})?$/gm;

const known = new Map();
function digestOf(image) {
  if (!known.has(image)) {
    const command = ['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', image];
    known.set(image, JSON.parse(execFileSync('docker', command, { encoding: 'utf8' })).digest);
  }
  return known.get(image);
}

const isCheck = process.argv.includes('--check');
const [folder = fileURLToPath(new URL('..', import.meta.url))] = process.argv.slice(2).filter((it) => it !== '--check');
const changes = new Map();
for (const file of FILES) {
  const path = join(resolve(folder), file);
  const before = readFileSync(path, 'utf8');
  const after = before.replace(IMAGE, (_all, start, image, pin = '') => {
    const now = `@${digestOf(image)}`;
    if (now !== pin)
      console.log(`${file}: ${image} is ${pin ? `pinned to ${pin.slice(1)}` : 'not pinned'}; it is ${now.slice(1)}`);
    return start + image + now;
  });
  if (after !== before) changes.set(path, after);
}
if (isCheck) process.exitCode = changes.size > 0 ? 1 : 0;
else for (const [path, text] of changes) writeFileSync(path, text);
console.log(`${known.size} images asked for, ${changes.size} files ${isCheck ? 'out of date' : 'changed'}`);
