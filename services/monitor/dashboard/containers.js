/** Deeds of Monitors on containers: compose services that are scaled, and containers that were restarted. */
import { read } from './api.js';
import { say, textTable } from './table.js';
import { count, dateAndTime } from './words.js';

const shown = (n) => (n === undefined ? '–' : count(n));
const SCALED = [
  [({ service }) => service, ''],
  [({ running }) => count(running), 'number'],
  [({ wanted }) => shown(wanted), 'number'],
  [({ min, max }) => (min === undefined ? '–' : `${count(min)} to ${count(max)}`), 'number'],
  [({ work }) => shown(work), 'number'],
  [({ isTrouble, state }) => (isTrouble ? `Needs somebody: ${state}` : state), 'report'],
  [({ last }) => (last ? `${last.direction}: ${last.container}, ${dateAndTime(last.at)}` : '–'), 'report'],
];
const RESTARTED = [
  [({ name }) => name, ''],
  [({ at }) => dateAndTime(at), 'when'],
];

export class Containers {
  #path;
  #part;
  #scaled;
  #restarts;

  /** Takes the path of the run's API, and the function that finds a part of its view. */
  constructor(path, part) {
    this.#path = path;
    this.#part = part;
    this.#scaled = textTable(part('scaled'), ({ project, service }) => `${project} ${service}`, SCALED);
    this.#restarts = textTable(part('restarts'), ({ id, at }) => `${id} ${at}`, RESTARTED);
  }

  /** Looks again. Where no Monitor asks Docker, the section is hidden. */
  async refresh() {
    const { docker, scaled, restarts, restarting } = await read(`${this.#path}/containers`);
    this.#part('containers').hidden = !docker;
    this.#scaled.show(scaled);
    this.#restarts.show(restarts.toReversed());
    say(this.#part('restarting'), restarting);
  }
}
