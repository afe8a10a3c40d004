/**
 * Refuses to publish a package that cannot be found again: `npm publish` runs it in the folder of each package.
 *
 * It wants the public address in the manifest, and the version in the changelog. What is published stays as it is, so a
 * release without them could not be mended. An argument names another root of the project.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const [root = fileURLToPath(new URL('..', import.meta.url))] = process.argv.slice(2);
const folder = relative(realpathSync(root), process.cwd()).split(sep).join('/');
const { name, version, repository, homepage, bugs } = JSON.parse(readFileSync('package.json', 'utf8'));
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split('\n');

const isAddress = (value) => typeof value === 'string' && /^(git\+)?https:\/\/[^/]+\/./.test(value);
const wanted = {
  'repository.url, a public address': isAddress(repository?.url),
  [`repository.directory, "${folder}"`]: repository?.directory === folder,
  'homepage, a public address': isAddress(homepage),
  'bugs.url, a public address': isAddress(bugs?.url),
  [`a heading "## [${version}]" in CHANGELOG.md`]: changelog.some((line) => line.startsWith(`## [${version}]`)),
};
const missing = Object.keys(wanted).filter((what) => !wanted[what]);
if (missing.length > 0) {
  console.error(`${name} cannot be published; it lacks (docs/RELEASE.md):\n  ${missing.join('\n  ')}`);
  process.exit(1);
}
