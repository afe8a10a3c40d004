/**
 * A bar that shows what became of a batch's members: finished, dead, dropped (by a cancel or a removal), and left.
 */
import { count } from './words.js';

const WIDTH = 1000;
/** The parts of the bar, in the order of the template. */
const PARTS = [
  ['finished', ({ finished }) => finished],
  ['dead', ({ dead }) => dead],
  ['dropped', ({ cancelled, gone }) => cancelled + gone],
];

export const makeBar = () => document.getElementById('bar').content.cloneNode(true).firstElementChild;

export function fillBar(bar, batch) {
  const all = Math.max(1, batch.sent);
  let at = 0;
  PARTS.forEach(([, of], i) => {
    const width = Math.round((of(batch) / all) * WIDTH);
    bar.children[i].setAttribute('x', String(at));
    bar.children[i].setAttribute('width', String(width));
    at += width;
  });
  const words = [...PARTS.map(([name, of]) => `${count(of(batch))} ${name}`), `${count(batch.left)} left`];
  bar.setAttribute('aria-label', words.join(', '));
}
