/**
 * The queues of a run. Where there are very many, it shows the most telling ones, or those whose name contains a given
 * text.
 */
import { read } from './api.js';
import { say, textTable } from './table.js';
import { count, duration } from './words.js';

const STEP = 200;
const MOST = 1000;
const EVENTS = ['sent', 'finished', 'failed', 'dropped', 'returned', 'dead', 'elevated'];
const waited = ({ depth, oldestMs }) => (depth > 0 ? duration(oldestMs) : '–');

export const QUEUE = [
  [({ queue }) => queue, 'queue'],
  [({ depth }) => count(depth), 'number'],
  [waited, 'number'],
  [({ held }) => count(held), 'number'],
  ...EVENTS.map((event) => [({ counts }) => count(counts[event]), 'number']),
];

export class Queues {
  #limit = STEP;
  #table;
  /** The queues in which marbles have died, of those that are shown. */
  diedOf = [];

  /**
   * Takes `path` of the run in the API; `part`, which finds an element of it by name; and `changed`, which is called to
   * look again.
   */
  constructor(path, part, changed) {
    Object.assign(this, { path: `${path}/queues`, part });
    this.#table = textTable(part('queues'), ({ queue }) => queue, QUEUE);
    part('queues-name').addEventListener('input', () => {
      this.#limit = STEP;
      changed();
    });
    part('queues-more').addEventListener('click', () => {
      this.#limit = Math.min(MOST, this.#limit + STEP);
      changed();
    });
  }

  /** Looks again. `all` is the number of queues of the run, as far as it is known. */
  async refresh(all) {
    const name = this.part('queues-name').value;
    const tooMany = name === '' && all > STEP;
    const { total, queues } = await this.#read(tooMany ? { order: 'telling' } : name === '' ? {} : { name });
    if (this.part('queues-name').value !== name) return; // a newer look is on its way
    this.#table.show(queues.sort((a, b) => (a.queue < b.queue ? -1 : 1)));
    this.diedOf = queues.filter(({ counts }) => counts.dead > 0).map(({ queue }) => queue);
    const which = tooMany
      ? 'The deepest, the longest waiting and the most often failing queues'
      : `The first ${count(queues.length)}`;
    const some = total > queues.length;
    say(this.part('queues-shown'), some ? `${which} of ${count(total)}.` : '');
    this.part('queues-more').hidden = tooMany || !some || this.#limit === MOST;
  }

  #read(query) {
    const fields = Object.entries({ limit: this.#limit, ...query });
    return read(`${this.path}?${fields.map(([field, value]) => `${field}=${encodeURIComponent(value)}`).join('&')}`);
  }
}
