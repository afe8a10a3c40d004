/**
 * The batches of a run. Where the address of the page names one (`#<run>/<id>`), that batch is shown in full.
 */
import { read } from './api.js';
import { batchTable } from './batch-table.js';
import { BatchView } from './batch.js';
import { Pace } from './pace.js';
import { say } from './table.js';
import { count } from './words.js';

const STEP = 50;
const MOST = 1000;

export class Batches {
  #limit = STEP;
  #pace = new Pace();
  #table;
  #view;

  /**
   * Takes `path` of the run in the API; `part`, which finds an element of it by name; and `changed`, which is called to
   * look again.
   */
  constructor(run, path, part, changed) {
    Object.assign(this, { run, path: `${path}/batches`, part });
    this.#table = batchTable(part('batches'), run, this.#pace);
    this.#view = new BatchView(run, this.path, part, changed);
    part('batches-more').addEventListener('click', () => {
      this.#limit = Math.min(MOST, this.#limit + STEP);
      changed();
    });
  }

  async refresh() {
    const [{ total, batches }] = await Promise.all([read(`${this.path}?limit=${this.#limit}`), this.#view.refresh()]);
    this.#pace.look(batches);
    this.#table.show(batches);
    const some = total > batches.length;
    say(this.part('batches-shown'), some ? `The first ${count(batches.length)} of ${count(total)}.` : '');
    this.part('batches-more').hidden = !some || this.#limit === MOST;
  }
}
