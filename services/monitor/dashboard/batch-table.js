/**
 * A table of batches: the progress of each, and a link to it.
 */
import { fillBar, makeBar } from './progress-bar.js';
import { Table, element, say } from './table.js';
import { count, duration } from './words.js';

export function stateOf({ done, cancelReason, sealed, left, dead }) {
  if (done) return cancelReason === undefined ? 'complete' : 'cancelled';
  if (cancelReason !== undefined) return 'is cancelled';
  if (!sealed) return 'open';
  return left === 0 && dead > 0 ? 'waits for its dead' : 'sealed';
}

export function batchTable(body, run, pace) {
  const texts = [
    stateOf,
    undefined,
    ({ left }) => count(left),
    ({ finished }) => count(finished),
    ({ dead }) => count(dead),
    (batch) => (pace.rate(batch) > 0 && !batch.done ? `${pace.rate(batch).toFixed(1)}/s` : '–'),
    (batch) => (pace.eta(batch) === undefined ? '–' : duration(pace.eta(batch))),
  ];
  return new Table(body, {
    keyOf: ({ id }) => id,
    make: ({ id, name }) => {
      const row = element('tr');
      const link = element('a', '', name);
      link.href = `#${encodeURIComponent(run)}/${encodeURIComponent(id)}`;
      const head = element('th', 'batch');
      head.scope = 'row';
      head.append(link);
      row.append(head, ...texts.map((_, i) => element('td', i > 1 ? 'number' : '')));
      row.children[2].append(makeBar());
      return row;
    },
    fill: (row, batch) => {
      texts.forEach((text, i) => text && say(row.children[i + 1], text(batch)));
      fillBar(row.querySelector('svg'), batch);
    },
  });
}
