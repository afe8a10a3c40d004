/**
 * One batch: its progress, the causes of its dead letters, the batches in it, and what a person can do with it.
 *
 * Names, reasons and errors come from others and may hold anything: they are shown as text.
 */
import { change, read } from './api.js';
import { ask } from './ask.js';
import { batchTable, stateOf } from './batch-table.js';
import { Pace } from './pace.js';
import { fillBar, makeBar } from './progress-bar.js';
import { say, textTable } from './table.js';
import { count, dateAndTime, duration } from './words.js';

const MOST_CHILDREN = 200;
const FAILURE = [
  [({ queue, why, error }) => `${queue}: ${why}${error === undefined ? '' : `: ${error}`}`, 'queue'],
  [({ count: n }) => count(n), 'number'],
  [({ lastAt }) => dateAndTime(lastAt), 'when'],
  [({ serials }) => serials.slice(0, 3).join(', '), ''],
];
const ON_DEAD = {
  wait: 'stays open for dead letters',
  continue: 'continues despite dead letters',
  cancel: 'is cancelled by a dead letter',
};

export class BatchView {
  #pace = new Pace();
  #childPace = new Pace();
  #failures;
  #children;
  #shown;

  /** Takes `path`, the path of the run's batches in the API. */
  constructor(run, path, part, changed) {
    Object.assign(this, { run, path, part, changed, bar: makeBar() });
    part('batch-bar').append(this.bar);
    this.#failures = textTable(part('batch-failures'), ({ queue, why, error }) => `${queue} ${why} ${error}`, FAILURE);
    this.#children = batchTable(part('batch-children'), run, this.#childPace);
    part('batch-cancel').addEventListener('click', () => this.#askForCancel());
    part('batch-retry').addEventListener('click', () => this.#askForRetry());
    part('batch-close').addEventListener('click', () => {
      location.hash = '';
      part('name').focus();
    });
    addEventListener('hashchange', () => {
      if (this.#wanted !== undefined) changed();
      else part('batch').hidden = true;
    });
  }

  /** The id in the address of the page; undefined where the address names another run, or no batch. */
  get #wanted() {
    const [run, id] = location.hash.slice(1).split('/');
    return run === encodeURIComponent(this.run) && id ? id : undefined;
  }

  async refresh() {
    const id = this.#wanted;
    const found = id && (await read(`${this.path}/${id}?limit=${MOST_CHILDREN}`, 404));
    if (id !== this.#wanted) return; // a newer look is on its way
    const opened = found?.batch && found.batch.id !== this.#shown?.id;
    this.part('batch').hidden = !id;
    this.part('batch-found').hidden = !found?.batch;
    say(this.part('batch-missing'), id && !found.batch ? 'There is no such batch; it may have been forgotten.' : '');
    this.#shown = found?.batch;
    if (this.#shown) this.#show(found);
    if (opened) this.part('batch-name').focus();
  }

  #show({ batch, settings, failures, children, next }) {
    this.#pace.look([batch]);
    this.#childPace.look(children);
    const figure = (name, text) => say(this.part(`batch-${name}`), text);
    figure('name', `Batch ${batch.name}`);
    fillBar(this.bar, batch);
    for (const name of ['sent', 'left', 'finished', 'dead']) figure(name, count(batch[name]));
    figure('dropped', count(batch.cancelled + batch.gone));
    const [rate, eta] = [this.#pace.rate(batch), this.#pace.eta(batch)];
    figure('rate', rate === undefined || batch.done ? '–' : `${rate.toFixed(1)}/s`);
    figure('eta', eta === undefined ? '–' : duration(eta));
    figure('about', about(batch, settings));
    const some = batch.dead > failures.looked;
    figure('looked', some ? `${count(failures.looked)} of ${count(batch.dead)} dead letters were examined.` : '');
    figure('children-shown', next === undefined ? '' : `The first ${count(children.length)}.`);
    this.#failures.show(failures.groups);
    this.#children.show(children);
    this.part('batch-retry').disabled = batch.dead === 0 || batch.cancelReason !== undefined;
    this.part('batch-cancel').disabled = batch.done || batch.cancelReason !== undefined;
  }

  #askForCancel() {
    const { id, name, left } = this.#shown;
    ask({
      what: `Cancel batch ${name}?`,
      about: `This drops its ${count(left)} remaining members and cancels the batches inside it. It cannot be undone.`,
      verb: 'Cancel the batch',
      action: async () => {
        await change('POST', `${this.path}/${id}/cancel`);
        this.changed();
        return `Cancelled: batch ${name}.`;
      },
    });
  }

  #askForRetry() {
    const { id, name, dead } = this.#shown;
    ask({
      what: `Try the ${count(dead)} dead letters of batch ${name} again?`,
      about: 'They go to the end of their queues, and their attempts are forgotten.',
      verb: 'Retry',
      action: async () => {
        const { requeued } = await change('POST', `${this.path}/${id}/retry-dead`);
        this.changed();
        return `Requeued: ${count(requeued)} of batch ${name}.`;
      },
    });
  }
}

function about(batch, { onDead, maxDead, then }) {
  const { id, openedAt, doneAt, cancelReason, failedAttempts, surplus } = batch;
  const words = [
    stateOf(batch),
    cancelReason && `cancelled: ${cancelReason}`,
    `opened ${dateAndTime(openedAt)}`,
    doneAt && `complete ${dateAndTime(doneAt)}`,
    ON_DEAD[onDead] + (maxDead === undefined ? '' : ` · cancelled by more than ${maxDead} dead`),
    then && `then sends to ${then}`,
    failedAttempts > 0 && `${count(failedAttempts)} failed attempts`,
    surplus > 0 && `${count(surplus)} more marbles ended than there were: members were copied by hand`,
    `id ${id}`,
  ];
  return words.filter(Boolean).join(' · ');
}
