/**
 * The page: it asks the Monitor every 2 s while somebody looks, and says plainly what it cannot learn.
 *
 * It asks /health/ready first, which needs no token and no Redis; then the runs. While nothing new can be learned, the
 * latest state stays in sight, faded.
 */
import { hasToken, keepToken, read } from './api.js';
import { RunView } from './run-view.js';
import { say } from './table.js';
import { timeOfDay } from './words.js';

const REFRESH_MS = 2000;
const NOT_READY = 'The Monitor is not ready: see the states in red.';
const part = (id) => document.getElementById(id);
const views = new Map();
let asOf;
let again;
let wake = () => undefined;

/** Looks at once, or as soon as the look that is under way has ended. */
function lookAgain() {
  again = true;
  wake();
}

function state(kind, text) {
  part('state').dataset.state = kind;
  say(part('state'), text);
  const current = kind === 'ready' || kind === 'troubled';
  part('runs').classList.toggle('stale', !current);
  const since = asOf ? `${current ? 'As of' : 'Below is the state at'} ${timeOfDay(asOf)}.` : '';
  say(part('as-of'), since);
}

function viewOf(run) {
  if (!views.has(run)) {
    const view = new RunView(run, lookAgain);
    views.set(run, view);
    part('runs').append(view.root);
  }
  return views.get(run);
}

/** Shows what a refusal means to a person at the page. */
function showRefusal({ status, code, message }) {
  part('locked').hidden = status !== 401;
  if (status === 401) {
    const refused = hasToken('reads');
    keepToken('reads', '');
    if (refused) say(part('locked-why'), 'The Monitor does not accept this token.');
    state('locked', 'The Monitor shows its runs only to people with a token.');
  } else if (status === 0) state('away', `The Monitor cannot be reached: ${message}.`);
  else if (code.startsWith('MR_REDIS')) state('away', `The Monitor cannot use Redis: ${message}`);
  else state('away', `The Monitor refuses: ${message}`);
}

async function look() {
  const health = await read('health/ready', 503);
  if (!health.runs) return state('away', 'The Monitor is stopping.');
  for (const [run, parts] of Object.entries(health.runs)) viewOf(run).showParts(parts);
  const [kind, text] = health.status === 'ready' ? ['ready', 'Ready.'] : ['troubled', NOT_READY];
  if (kind === 'troubled' && part('state').dataset.state === 'ready') state(kind, text); // Redis may take its time
  const runs = await read('api/runs');
  await Promise.all(runs.map((summary) => viewOf(summary.run).refresh(summary)));
  part('locked').hidden = true;
  asOf = new Date();
  state(kind, text);
}

function pause() {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, REFRESH_MS);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

function untilSeen() {
  state('paused', 'Paused while this page is hidden.');
  return new Promise((resolve) => {
    wake = () => document.hidden || resolve();
  });
}

document.addEventListener('visibilitychange', lookAgain);
part('locked').addEventListener('submit', (event) => {
  event.preventDefault();
  keepToken('reads', part('read-token').value);
  part('read-token').value = '';
  say(part('locked-why'), '');
  lookAgain();
});

for (;;) {
  if (document.hidden) await untilSeen();
  again = false;
  await look().catch(showRefusal);
  if (!again) await pause();
}
