/**
 * Writes what each image holds, as CycloneDX, into sbom/ or the folder that is given. The list has its npm packages.
 * With --images it also has its system's packages and Node.js, read out of the images that docker-compose.yml names.
 *
 * `npm sbom` makes the first list from the lock file alone, so nothing has to be installed. Its own `--omit dev` also
 * leaves out a package that a service needs when another workspace has it for development. So it is shown a project
 * without any development packages. What may go wrong: an image has not been built. Then `docker run` says so;
 * `make sbom` builds them first.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { componentsOfImage } from './os-packages.mjs';

/** The workspaces that the Dockerfiles install. */
const IMAGES = { monitor: '@marblerun/monitor', elevator: '@marblerun/elevator', worker: 'marblerun' };

const root = new URL('..', import.meta.url);
const json = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const write = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

/** Returns the folders of a workspace and of those that it needs. */
function foldersOf(workspace, packages, found = new Set()) {
  const link = packages[`node_modules/${workspace}`];
  if (!link?.link || found.has(link.resolved)) return found;
  found.add(link.resolved);
  for (const needed of Object.keys(packages[link.resolved].dependencies ?? {})) foldersOf(needed, packages, found);
  return found;
}

/** Writes a project with one more workspace, which depends on that of the image; what it does not need is left out. */
function writeProject(cwd, image, workspace) {
  const lock = json('package-lock.json');
  const { version } = lock.packages[''];
  const folders = foldersOf(workspace, lock.packages);
  const isNeeded = ([path, { link, resolved }]) => {
    const [owner] = path.split(/\/?node_modules\//);
    return link ? folders.has(resolved) : owner === '' || folders.has(owner);
  };
  const packages = {
    ...Object.fromEntries(Object.entries(lock.packages).filter(isNeeded)),
    '': { name: `marblerun-${image}-image`, version, workspaces: [...folders, 'image'] },
    image: { name: `marblerun-${image}`, version, dependencies: { [workspace]: '*' } },
    [`node_modules/marblerun-${image}`]: { resolved: 'image', link: true },
  };
  for (const [path, entry] of Object.entries(packages)) {
    delete entry.devDependencies;
    if (path.includes('node_modules')) continue;
    mkdirSync(join(cwd, path), { recursive: true });
    write(join(cwd, path, 'package.json'), entry);
  }
  write(join(cwd, 'package-lock.json'), { ...lock, name: `marblerun-${image}-image`, packages });
}

/** Returns the names of our images, as docker-compose.yml has them in this environment. */
function namesOfImages() {
  const text = execFileSync('docker', ['compose', 'config', '--format', 'json'], { cwd: root, encoding: 'utf8' });
  return Object.fromEntries(Object.entries(JSON.parse(text).services).map(([name, { image }]) => [name, image]));
}

const hasImages = process.argv.includes('--images');
const target = resolve(process.argv.slice(2).find((it) => it !== '--images') ?? 'sbom');
const names = hasImages ? namesOfImages() : {};
const folder = mkdtempSync(join(tmpdir(), 'marblerun-sbom-'));
try {
  mkdirSync(target, { recursive: true });
  for (const [image, workspace] of Object.entries(IMAGES)) {
    const cwd = join(folder, `marblerun-${image}-image`);
    writeProject(cwd, image, workspace);
    const options = ['--package-lock-only', '--sbom-format', 'cyclonedx', '--workspace', `marblerun-${image}`];
    const list = JSON.parse(execFileSync('npm', ['sbom', ...options], { cwd, encoding: 'utf8' }));
    if (hasImages) list.components.push(...componentsOfImage(names[image]));
    write(join(target, `${image}.cdx.json`), list);
    console.log(`${join(target, `${image}.cdx.json`)}: ${list.components.length} components`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
