/**
 * Writes the parts of the documents that come from the code: the tables of docs/ (scripts, variables, options, errors,
 * decisions), docs/openapi, and the alerts and the dashboard of k8s/ from observability/. With --check it writes
 * nothing, and exits 1 where a table is out of date.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { buildElevator, elevatorVariables, readConfig as readElevatorConfig } from '@marblerun/elevator';
import { buildMonitor, monitorVariables, proxyVariables, readConfig as readMonitorConfig } from '@marblerun/monitor';
import { ERROR_CODES } from 'marblerun';
import { scriptText } from '@marblerun/internal';
import { z } from 'zod';
import { asManifest, clusterObservability } from './cluster-observability.mjs';
import { namesIn } from '../shared/dist/communicator/redis/script-names.js';
import { clientOptions, sendOptions, waitOptions, workOptions } from './option-tables.mjs';

const root = new URL('..', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function scripts() {
  const folder = 'shared/communicator/lua/';
  const files = readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.lua'));
  return files
    .sort()
    .map((file) => {
      const name = file.slice(0, -4);
      const header = [...read(folder + file).matchAll(/^--.*$/gm)].map(([line]) => line);
      const end = header.findIndex((line) => line.startsWith('-- include'));
      const text = header.slice(0, end < 0 ? headerEnd(read(folder + file)) : end).map((line) => line.slice(3));
      const whole = scriptText(name);
      const told = withPlaces(text.join('\n'), namesIn(whole));
      const oom = whole.startsWith('#!lua flags=allow-oom\n') ? ' (`allow-oom`)' : '';
      return `**${name}**${oom}\n\n\`\`\`\n${told}\n\`\`\``;
    })
    .join('\n\n');
}

/** The header of a script with the place of each name before it, for languages that call a script by places. */
function withPlaces(header, { keys, args }) {
  const [, purpose, ofKeys, ofArgs, returns] = /^([^]*\n)(KEYS: [^]*\n)(ARGV: [^]*\n)(returns: [^]*)$/.exec(header);
  const isOfRun = /^KEYS: run[;\n]/.test(ofKeys);
  const own = keys.map((key, i) => [key.toUpperCase(), i + 1]).slice(isOfRun ? 7 : 0);
  const places = [...(isOfRun ? [['run', '1-7']] : []), ...own];
  return `${purpose}${placed(ofKeys, places)}${placed(
    ofArgs,
    args.map((arg, i) => [arg, i + 1]),
  )}${returns}`;
}

function placed(text, places) {
  return places.reduce((before, [name, place]) => {
    const after = before.replace(new RegExp(`(^[A-Z]+: |;\\s+)(?=${name}\\b)`), `$1${place} `);
    if (after === before) throw new Error(`the header of a script does not tell of ${name}: ${text}`);
    return after;
  }, text);
}

const headerEnd = (text) => text.split('\n').findIndex((line) => !line.startsWith('--'));

function variables(schema) {
  const rows = Object.entries(schema.shape).map(([name, type]) => {
    const [empty, optional] = [type.safeParse(undefined), type.safeParse(undefined)];
    const value = empty.success && String(empty.data) !== '' ? empty.data : undefined;
    const fallback = value === undefined ? (optional.success ? '' : 'must be given') : `\`${value}\``;
    return [`\`${name}\``, fallback, allowed(type), type.description ?? ''];
  });
  return table(['variable', 'default', 'allowed', 'meaning'], rows);
}

function allowed(type) {
  const { anyOf = [], ...json } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' });
  const { enum: values, minimum, maximum, type: kind } = { ...anyOf[0], ...json };
  if (values) return values.map((value) => `\`${value}\``).join(' ');
  const inner = z.toJSONSchema(type, { io: 'output', unrepresentable: 'any' });
  if (inner.type === 'integer') return `${inner.minimum} to ${inner.maximum}`;
  return minimum === undefined ? (kind ?? 'text').replace('string', 'text') : `${minimum} to ${maximum}`;
}

/** Lists the decisions with what each was about: the first sentence of its context. */
function decisions() {
  const folder = 'docs/decisions/';
  const files = readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.md') && name !== 'README.md');
  return files
    .sort()
    .map((file) => {
      const [, title, context] = /^# (.*)\n\n\*\*Context\.\*\* ([^]*?[.:?])(?=\s)/.exec(read(folder + file)) ?? [];
      if (!title) throw new Error(`${folder}${file}: it has to begin with a title and **Context.**`);
      return `- [${title}](${file}). ${context.replace(/\s+/g, ' ').replace(/:$/, '.')}`;
    })
    .join('\n');
}

const options = async (write) => {
  const { head, rows } = await write();
  return table(head, rows);
};

/** Lists the users of Redis for run `main`, in the form of an ACL file. */
function rights() {
  const lines = read('deploy/redis/rights.acl').matchAll(/^(\w+) (.*)$/gm);
  const users = [...lines].map(([, part, rules]) => {
    const keys = rules.includes('allkeys') ? '' : '~mr:{main}:* ';
    return `user ${part} on >password ${keys}${rules}`;
  });
  return `\`\`\`acl\n${users.join('\n')}\n\`\`\``;
}

const sections = {
  'docs/SECURITY.md': { rights },
  'docs/PROTOCOL.md': { scripts },
  'docs/decisions/README.md': { decisions },
  'docs/CONFIGURATION.md': {
    monitor: () => variables(monitorVariables),
    proxy: () => variables(proxyVariables),
    elevator: () => variables(elevatorVariables),
    client: () => options(clientOptions),
    work: () => options(workOptions),
    send: () => options(sendOptions),
    wait: () => options(waitOptions),
    errors: () =>
      table(
        ['code', 'meaning'],
        Object.entries(ERROR_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]),
      ),
  },
};

const lanes = { runs: { lower: {}, upper: {} }, lanes: [{ name: 'up', from: 'lower', to: 'upper' }] };
const quiet = { MARBLERUN_LOG_LEVEL: 'silent' };
const services = {
  monitor: () => buildMonitor(readMonitorConfig(quiet)),
  elevator: () => buildElevator(readElevatorConfig({ ...quiet, MARBLERUN_LANES: JSON.stringify(lanes) })),
};

/** Returns the document that a service serves at /openapi.json. */
async function openapi(build) {
  const { server, stop } = build();
  await server.ready();
  const document = server.swagger();
  await Promise.all([server.close(), stop()]);
  return `${JSON.stringify(document, null, 2)}\n`;
}

let outdated = false;
for (const [path, parts] of Object.entries(sections)) {
  const before = read(path);
  let text = before;
  for (const [name, write] of Object.entries(parts)) {
    const place = new RegExp(`(<!-- ${name}: .*? -->\n)[^]*?(<!-- /${name} -->)`);
    if (!place.test(text)) throw new Error(`${path} has no place for ${name}`);
    const written = await write();
    text = text.replace(place, (_, open, close) => `${open}\n${written}\n\n${close}`);
  }
  keep(path, before, text);
}
for (const [name, build] of Object.entries(services)) {
  const path = `docs/openapi/${name}.json`;
  keep(path, existsSync(new URL(path, root)) ? read(path) : '', await openapi(build));
}
for (const [path, manifest] of Object.entries(clusterObservability))
  keep(path, existsSync(new URL(path, root)) ? read(path) : '', await asManifest(path, manifest(read)));

function keep(path, before, text) {
  if (text === before) return;
  outdated = true;
  if (process.argv.includes('--check')) console.error(`${path} is out of date: run "npm run docs"`);
  else writeFileSync(new URL(path, root), text);
}
if (outdated && process.argv.includes('--check')) process.exitCode = 1;
