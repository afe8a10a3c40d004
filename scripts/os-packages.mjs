/**
 * Lists what an image holds besides npm packages, as components of CycloneDX: its system, the packages of that (dpkg or
 * apk), and Node.js. The image's own Node.js reads them out of the image itself, since a base image may have changed
 * under its tag.
 */
import { execFileSync } from 'node:child_process';

/** The places where each system writes down what is installed. */
const DATABASES = {
  deb: ['/var/lib/dpkg/status'],
  apk: ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'],
};

const LOOK = `
  const read = (path) => (fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '');
  const databases = ${JSON.stringify(DATABASES)};
  const all = Object.entries(databases).map(([type, paths]) => [type, paths.map(read).join('')]);
  JSON.stringify({ node: process.versions.node, release: read('/etc/os-release'), ...Object.fromEntries(all) });`;

export function componentsOfImage(image) {
  const command = ['run', '--rm', '--network=none', '--entrypoint=node', image, '-p', LOOK];
  return componentsOf(JSON.parse(execFileSync('docker', command, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })));
}

/** Turns what was read in an image (the text of each file, and the version of Node.js) into components. */
export function componentsOf({ node, release, deb, apk }) {
  const system = Object.fromEntries(
    [...release.matchAll(/^(\w+)="?(.*?)"?$/gm)].map(([, name, value]) => [name, value]),
  );
  if (!system.ID || !(deb || apk)) throw new Error('the image does not say of which system it is, or has no packages');
  return [
    { type: 'operating-system', name: system.ID, version: system.VERSION_ID ?? '' },
    component('platform', 'node', node, `pkg:generic/node@${node}`),
    ...stanzas(deb, /^(\w[\w-]*): (.*)$/gm)
      .filter(isInstalled)
      .map((it) => debian(it, system)),
    ...stanzas(apk, /^(\w):(.*)$/gm).map((it) => alpine(it, system)),
  ];
}

const component = (type, name, version, purl) => ({ type, 'bom-ref': purl, name, version, purl });

/** Splits a text into blocks of lines, each a field. */
function stanzas(text, field) {
  const blocks = text.split(/\n\n+/).filter((block) => block.trim() !== '');
  return blocks.map((block) => Object.fromEntries([...block.matchAll(field)].map(([, name, value]) => [name, value])));
}

const isInstalled = ({ Status }) => / installed$/.test(Status);

/** Describes a package of Debian. `upstream` is its source, by which Debian tells what is vulnerable. */
function debian({ Package, Version, Architecture, Source = Package }, { ID, VERSION_ID }) {
  const [upstream] = Source.split(' ');
  const query = `arch=${Architecture}&distro=${ID}-${VERSION_ID}&upstream=${encodeURIComponent(upstream)}`;
  return component('library', Package, Version, purlOf('deb', ID, Package, Version, query));
}

function alpine({ P, V, A, o = P, L }, { ID, VERSION_ID }) {
  const query = `arch=${A}&distro=${ID}-${VERSION_ID}&upstream=${encodeURIComponent(o)}`;
  const licenses = L ? { licenses: [{ license: { name: L } }] } : {};
  return { ...component('library', P, V, purlOf('apk', ID, P, V, query)), ...licenses };
}

const purlOf = (type, system, name, version, query) =>
  `pkg:${type}/${system}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${query}`;
