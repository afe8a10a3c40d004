/**
 * One run: its state, figures, queues, batches, outboxes, dead letters and holders.
 */
import { read } from './api.js';
import { Batches } from './batches.js';
import { Containers } from './containers.js';
import { Dead } from './dead.js';
import { QUEUE, Queues } from './queues.js';
import { element, say, textTable } from './table.js';
import { count, duration, monitorsInWords, redisInWords } from './words.js';

const MOST_SHOWN = 200;
const FINE = /^(ready|turning|off: .*)$/;
const OUTBOX = QUEUE.slice(0, 3);
const HOLDER = [
  [({ holder }) => holder, 'holder'],
  [({ about }) => [about.host, about.pid].filter(Boolean).join(', pid '), ''],
  [
    ({ about, held }) => about.report ?? (held > 0 ? 'working' : about.waiting ? `waiting on ${about.waiting}` : '–'),
    'report',
  ],
  [({ held }) => count(held), 'number'],
  [({ unheardMs }) => `${duration(unheardMs)} ago`, 'number'],
  [({ about }) => (about.leaseMs ? duration(Number(about.leaseMs)) : '–'), 'number'],
  [({ about, hungMs }) => (hungMs === undefined ? blocked(about) : `hangs: ${blocked(about)}`), 'number'],
];

function blocked({ blockedMs = 0 }) {
  return Number(blockedMs) > 0 ? duration(Number(blockedMs)) : '–';
}

export class RunView {
  #batches;
  #containers;
  #dead;
  #queues;
  #tables;

  /** Takes `changed`, which is called after a change made here. */
  constructor(run, changed) {
    this.run = run;
    this.path = `api/runs/${encodeURIComponent(run)}`;
    this.root = document.getElementById('run').content.cloneNode(true).firstElementChild;
    this.part = (name) => this.root.querySelector(`[data-is="${name}"]`);
    say(this.part('name'), run);
    const table = (name, key, columns) => textTable(this.part(name), (item) => item[key], columns);
    this.#tables = {
      outboxes: table('outboxes', 'queue', OUTBOX),
      holders: table('holders', 'holder', HOLDER),
    };
    this.#queues = new Queues(this.path, this.part, changed);
    this.#batches = new Batches(run, this.path, this.part, changed);
    this.#dead = new Dead(run, this.part, changed);
    this.#containers = new Containers(this.path, this.part);
  }

  /** Shows the state of the run's Redis and of each chore, by name. */
  showParts(parts) {
    const list = this.part('parts');
    const entries = Object.entries(parts);
    while (list.children.length > entries.length) list.lastElementChild.remove();
    while (list.children.length < entries.length) list.append(element('li'));
    entries.forEach(([name, state], i) => {
      say(list.children[i], `${name.replace(`${this.run}:`, '')}: ${state}`);
      list.children[i].classList.toggle('bad', !FINE.test(state));
    });
  }

  /** Looks again. `summary` is the run's entry in the list of all runs. */
  async refresh(summary) {
    const [outboxes, holders, dead] = await Promise.all([
      read(`${this.path}/outboxes?limit=${MOST_SHOWN}`),
      read(`${this.path}/holders?limit=${MOST_SHOWN}`),
      read(this.#dead.pagePath),
      this.#queues.refresh(summary.queues),
      this.#batches.refresh(),
      this.#containers.refresh(),
    ]);
    const figure = (name, n) => say(this.part(name), n === undefined ? '–' : count(n));
    figure('depth', summary.depth);
    figure('held', summary.held);
    figure('later', summary.later);
    figure('holder-count', summary.holders);
    figure('hung', summary.hung);
    say(this.part('redis'), redisInWords(summary.redis));
    say(this.part('monitors'), monitorsInWords(summary.monitors));
    this.#tables.outboxes.show(outboxes);
    this.#showHolders(holders, summary.holders);
    this.#dead.show(dead, this.#queues.diedOf);
  }

  /** Shows the holders in the order of their places, so that a row stays where it is. */
  #showHolders(holders, all) {
    const place = ({ about, holder }) => `${about.host} ${about.pid} ${holder}`;
    this.#tables.holders.show(holders.sort((a, b) => place(a).localeCompare(place(b))));
    const more = all > holders.length;
    say(this.part('holders-shown'), more ? `The ${count(holders.length)} longest silent of ${count(all)}.` : '');
  }
}
