/**
 * Completes the build of `marblerun` for publishing. `npm pack` and `npm publish` run it.
 *
 * It adds what a bundle cannot read from files (the Lua scripts, the program of the heartbeat thread), the same modules
 * for `require`, the licences of what is built in, and the documents. It writes files that Git ignores, and the same
 * ones each time.
 */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = join(root, 'shared');
const dist = join(shared, 'dist');
const TARGET = 'node20';

/** Writes a file in one step, since another `npm pack` may be reading. */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}`;
  writeFileSync(part, text);
  renameSync(part, path);
}

function embedLua() {
  const folder = join(shared, 'communicator/lua');
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.lua'));
  const texts = Object.fromEntries(
    files.sort().map((name) => [name.slice(0, -4), readFileSync(join(folder, name), 'utf8')]),
  );
  write(join(dist, 'communicator/redis/lua-texts.js'), `export const luaTexts = ${JSON.stringify(texts, null, 1)};\n`);
}

/** Embeds the heartbeat thread. Returns the packages that went into it. */
async function embedThread() {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(dist, 'marble/heartbeat-thread.js')],
    ...{ bundle: true, minify: true, write: false, metafile: true, absWorkingDir: root },
    ...{ platform: 'node', format: 'cjs', target: TARGET, define: { 'import.meta.url': 'undefined' } },
  });
  const program = gzipSync(outputFiles[0].contents, { level: 9 }).toString('base64');
  write(join(dist, 'marble/thread-source.js'), `export const threadSource = '${program}';\n`);
  const inputs = Object.keys(metafile.inputs).map((path) => /(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path));
  return new Map(inputs.filter(Boolean).map(([folder, name]) => [name, folder]));
}

function licences(packages) {
  const texts = [...packages].sort().map(([name, folder]) => {
    const file = readdirSync(join(root, folder)).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} comes without the text of its licence`);
    return `${name}\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
  });
  const head = 'dist/marble/thread-source.js holds the following packages.\n';
  write(join(shared, 'THIRD-PARTY.txt'), [head, ...texts].join(`\n${'-'.repeat(80)}\n\n`));
}

/** Builds the same modules as CommonJS, file by file, so that all entries share one instance of each. */
async function buildCommonJs() {
  const files = readdirSync(dist, { recursive: true }).filter(
    (name) => /\.(js|d\.ts)$/.test(name) && !/^cjs|\.test\.|testing\./.test(name),
  );
  write(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');
  for (const name of files) write(join(dist, 'cjs', name), await commonJs(join(dist, name)));
}

async function commonJs(path) {
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('.d.ts')) return text;
  const url = 'require("node:url").pathToFileURL(__filename).href';
  const banner = text.includes('import.meta.url') ? `const moduleUrl = ${url};` : '';
  const options = { format: 'cjs', platform: 'node', target: TARGET, define: { 'import.meta.url': 'moduleUrl' } };
  const { code } = await transform(text.replace(/^\/\/# sourceMappingURL=.*$/m, ''), { ...options, banner });
  return code;
}

/** Copies README and the files that it links to. Pictures are left out: they would be half of the package. */
function copyDocuments() {
  const docs = readdirSync(join(root, 'docs'), { recursive: true }).map((name) => `docs/${name}`);
  const files = new Set(docs.filter((name) => /\.(md|json)$/.test(name)).concat('README.md', 'CHANGELOG.md'));
  for (const name of files) write(join(shared, name), withLinksWithin(files, name));
}

/** Replaces a link to a file that is not in the package by its text. */
function withLinksWithin(files, name) {
  const text = readFileSync(join(root, name), 'utf8');
  if (!name.endsWith('.md')) return text;
  return text.replace(/!?\[([^\]]*)\]\(([^)#:\s]+)(?:#[^)]*)?\)/g, (link, label, target) =>
    files.has(join(dirname(name), target)) ? link : label,
  );
}

embedLua();
licences(await embedThread());
await buildCommonJs();
copyDocuments();
copyFileSync(join(root, 'LICENSE'), join(shared, 'LICENSE'));
