/**
 * The tables of the client's options. The meanings come from the doc comments of their interfaces. The allowed values
 * come from the rules themselves: each option is given a value that no rule lets pass, and the error says what is
 * allowed.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { MARBLE_DEFAULTS, Marble } from 'marblerun';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const queue = 'q';
const nothing = () => undefined;

/** Makes a call that never reaches Redis, since its options are refused first. */
const withMarble = async (call) => {
  const marble = new Marble();
  try {
    await call(marble);
  } finally {
    await marble.close();
  }
};

const CALLS = {
  client: (options) => new Marble(options),
  work: (options) => withMarble((marble) => marble.work(queue, nothing, options)),
  send: (options) => withMarble((marble) => marble.send(queue, 1, options)),
  expedite: (options) => withMarble((marble) => marble.expedite(queue, 1, options)),
  elevate: (options) => withMarble((marble) => marble.elevate(queue, 1, options)),
  sendMany: (options) => withMarble((marble) => marble.sendMany(queue, [1], options)),
  wait: (options) => withMarble((marble) => marble.wait(queue, options)),
};

const INTERFACES = {
  client: ['BusOptions', 'MarbleOptions'],
  work: ['WorkOptions'],
  send: ['SendOptions'],
  wait: ['WaitOptions'],
};

const sources = ['shared/communicator/', 'shared/marble/'].flatMap((folder) =>
  readdirSync(new URL(`../${folder}`, import.meta.url), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
    .map((name) => read(folder + name)),
);

/** Returns the fields of an interface with their doc comments: `{ name, meaning, fallback }`. */
function fieldsOf(name) {
  const pattern = new RegExp(`export interface ${name}\\b[^{]*\\{(.*?)\\n\\}`, 's');
  const body = sources.map((text) => pattern.exec(text)?.[1]).find(Boolean);
  if (!body) throw new Error(`there is no interface ${name}`);
  return [...body.matchAll(/\/\*\*\s((?:(?!\*\/).)*)\s\*\/\s+readonly (\w+)\?: /gs)].map(([, comment, field]) => {
    const text = comment.replace(/\s+\*?\s*/g, ' ').trim();
    const fallback = /(?:^| )Default:? ((?:[^.]|\.\d)*)\./.exec(text);
    return { name: field, meaning: fallback ? text.replace(fallback[0], '').trim() : text, fallback: fallback?.[1] };
  });
}

/** Returns the message with which a call refuses these options. */
async function refusal(call, options) {
  try {
    await call(options);
  } catch (error) {
    if (/^MR_BAD_(OPTION|NAME)$/.test(error.code)) return error.message;
    throw error;
  }
  return undefined;
}

/** Returns the names that the rules of a call know. */
async function namesOf(call) {
  const known = /known: (.*) \(MR_/.exec(await refusal(call, { noSuchOptionAnywhere: 0 }));
  return known[1].split(', ');
}

/** Returns what is allowed. No rule lets the empty text pass. */
async function allowedOf(call, name) {
  const told = /allowed: (.*) \(MR_/s.exec(await refusal(call, { [name]: '' }));
  return told[1]
    .replace(/^a whole number from/, 'from')
    .replace(/^from (\d+ to)/, '$1')
    .replaceAll('|', '\\|');
}

/** Returns the rows of a table. Throws where the interface and the rules do not have the same names. */
async function rowsOf(table, calls = [table]) {
  const fields = INTERFACES[table].flatMap(fieldsOf);
  const known = await Promise.all(calls.map((call) => namesOf(CALLS[call])));
  const described = fields.map(({ name }) => name).sort();
  const ruled = [...new Set(known.flat())].sort();
  if (described.join() !== ruled.join())
    throw new Error(`options of ${table}: the interface describes ${described}, the rules know ${ruled}`);
  const rows = [];
  for (const { name, meaning, fallback } of fields) {
    const takers = calls.filter((_, i) => known[i].includes(name));
    rows.push({ name, meaning, fallback, takers, allowed: await allowedOf(CALLS[takers[0]], name) });
  }
  return rows;
}

/** Returns a table as its head and its rows; so do the functions below. */
export async function clientOptions() {
  const rows = await rowsOf('client');
  const standard = ({ name, fallback }) => (name in MARBLE_DEFAULTS ? `\`${MARBLE_DEFAULTS[name]}\`` : fallback);
  return table(rows, (row) => standard(row) ?? '');
}

export async function workOptions() {
  return table(await rowsOf('work'), ({ fallback }) => fallback ?? '');
}

export async function waitOptions() {
  return table(await rowsOf('wait'), ({ fallback }) => fallback ?? '');
}

export async function sendOptions() {
  const calls = ['send', 'expedite', 'elevate', 'sendMany'];
  const rows = await rowsOf('send', calls);
  const takers = (row) =>
    row.takers.length === calls.length ? 'all' : row.takers.map((call) => `\`${call}\``).join(', ');
  return {
    head: ['option', 'of', 'default', 'allowed', 'meaning'],
    rows: rows.map((row) => [`\`${row.name}\``, takers(row), row.fallback ?? '', row.allowed, row.meaning]),
  };
}

function table(rows, standard) {
  return {
    head: ['option', 'default', 'allowed', 'meaning'],
    rows: rows.map((row) => [`\`${row.name}\``, standard(row), row.allowed, row.meaning]),
  };
}
