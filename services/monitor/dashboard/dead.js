/**
 * The dead letters of a run: why they died, what they hold, and what to do with them.
 *
 * Reasons and data come from senders and workers and may hold anything: they are shown as text, cut by the Monitor.
 */
import { change } from './api.js';
import { ask } from './ask.js';
import { Table, element, say } from './table.js';
import { bytes, count, dateAndTime } from './words.js';

const STEP = 50;
const MOST = 1000;
const SHOWN_BYTES = 1000;

export class Dead {
  #limit = STEP;
  #table;

  /** Takes `part`, which finds an element of the run by name, and `changed`, which is called after a change. */
  constructor(run, part, changed) {
    Object.assign(this, { path: `api/runs/${encodeURIComponent(run)}/dead`, part, changed });
    this.#table = new Table(part('dead'), {
      keyOf: ({ serial }) => serial,
      make: (marble) => this.#row(marble),
      fill: () => undefined, // a dead letter does not change
    });
    part('requeue-all').addEventListener('click', () => this.#askForAll());
    part('dead-more').addEventListener('click', () => {
      this.#limit = Math.min(MOST, this.#limit + STEP);
      changed();
    });
  }

  get pagePath() {
    return `${this.path}?limit=${this.#limit}`;
  }

  /** Shows the dead. `diedOf` are the queues in which marbles have died. */
  show({ total, dead }, diedOf) {
    this.#table.show(dead);
    const { part } = this;
    say(part('dead-count'), count(total));
    say(part('dead-shown'), total > dead.length ? `the latest ${count(dead.length)} of ${count(total)}` : '');
    part('dead-more').hidden = total <= dead.length || this.#limit === MOST;
    this.#offer([...new Set([...dead.map(({ queue }) => queue), ...diedOf])].sort());
    part('requeue-all').disabled = total === 0;
  }

  #offer(queues) {
    const select = this.part('dead-queue');
    const offered = [...select.options].map(({ value }) => value);
    if (offered.join() === queues.join()) return;
    const { value } = select;
    select.replaceChildren(...queues.map((queue) => element('option', '', queue)));
    if (queues.includes(value)) select.value = value;
  }

  #row(marble) {
    const { at, queue, attempts } = marble;
    const row = element('tr');
    row.append(
      element('td', 'when', dateAndTime(at)),
      element('th', 'queue', queue),
      element('td', 'number', attempts === undefined ? '–' : count(attempts)),
      cell(folded(why(marble), story(marble))),
      cell(
        marble.data === undefined
          ? 'its bytes are no marble'
          : folded(marble.data.slice(0, 80) || 'empty', contents(marble)),
      ),
      cell(this.#button('Requeue', marble), this.#button('Delete', marble)),
    );
    row.children[1].scope = 'row';
    row.lastElementChild.className = 'actions';
    return row;
  }

  #button(verb, marble) {
    const { serial, queue, id = serial } = marble;
    const button = element('button', verb === 'Delete' ? 'letter' : '', verb);
    button.type = 'button';
    button.setAttribute('aria-label', `${verb} marble ${id} of queue ${queue}`);
    const [method, path, about] =
      verb === 'Delete'
        ? ['DELETE', `${this.path}/${serial}`, 'It will be gone for good.']
        : [
            'POST',
            `${this.path}/${serial}/requeue`,
            'It goes to the end of its queue, and its attempts are forgotten.',
          ];
    const action = async () => {
      await change(method, path);
      this.changed();
      return `${verb}d: marble ${id} of queue ${queue}.`;
    };
    button.addEventListener('click', () =>
      ask({ what: `${verb} marble ${id} of queue ${queue}?`, about, verb, action }),
    );
    return button;
  }

  #askForAll() {
    const queue = this.part('dead-queue').value;
    ask({
      what: `Requeue all dead letters of queue ${queue}?`,
      about:
        'This includes those that are not shown. They go to the end of the queue, and their attempts are forgotten.',
      verb: 'Requeue all',
      action: async () => {
        const { requeued } = await change('POST', `${this.path}/requeue?queue=${encodeURIComponent(queue)}`);
        this.changed();
        return `Requeued: ${count(requeued)} of queue ${queue}.`;
      },
    });
  }
}

function cell(...content) {
  const made = element('td');
  made.append(...content);
  return made;
}

/** Makes a line that opens to show the whole text. */
function folded(line, whole) {
  const details = element('details');
  details.append(element('summary', '', line), element('pre', '', whole));
  return details;
}

const why = ({ reason }) => [reason.why, reason.error?.message].filter((part) => part !== undefined).join(': ');

function story({ id, sentAt, batch, origin, reason, failures = [] }) {
  const facts = { id, sent: sentAt && dateAndTime(sentAt), batch, 'elevated from': origin };
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  return [
    ...known.map(([name, value]) => `${name}: ${value}`),
    ...failures.map(({ attempt, at, why, error = '' }) => `attempt ${attempt}, ${dateAndTime(at)}: ${why} ${error}`),
    reason.error?.stack ?? JSON.stringify(reason, null, 2),
  ].join('\n');
}

/** Shows the data; the Monitor sends only the beginning of large data. */
function contents({ data, bytes: size, type }) {
  const form = { j: '', b: 'bytes, in base64:\n', c: 'of a codec, in base64:\n' }[type];
  return `${form}${data}${size > SHOWN_BYTES ? `\n… only the beginning of ${bytes(size)}` : ''}`;
}
