/**
 * A table that changes in place: a row stays the same element as long as its key exists, so nothing that is focused,
 * selected or opened is lost. All text is put in as text, never as markup.
 */
const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Shows characters that turn the direction of writing instead of obeying them: they could make one text look like
 * another.
 */
const straight = (text) => text.replace(TURNS, (turn) => `\\u${turn.charCodeAt(0).toString(16)}`);

export function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = straight(text);
  return made;
}

/** Sets a text; touches the document only where the text is different. */
export function say(where, text) {
  const shown = straight(text);
  if (where.textContent !== shown) where.textContent = shown;
}

export class Table {
  #rows = new Map();

  /**
   * Takes three functions: `keyOf` names an item, `make` makes its row, and `fill` fills the row with the item as it is
   * now.
   */
  constructor(body, { keyOf, make, fill }) {
    Object.assign(this, { body, keyOf, make, fill });
    const width = body.parentElement.querySelectorAll('th').length;
    const cell = element('td', 'empty', body.dataset.empty);
    cell.colSpan = width;
    this.empty = element('tr');
    this.empty.append(cell);
  }

  show(items) {
    const keys = new Set(items.map(this.keyOf));
    for (const [key, row] of this.#rows) if (!keys.has(key)) this.#remove(key, row);
    items.forEach((item, at) => {
      const row = this.#rowOf(item);
      this.fill(row, item);
      if (this.body.children[at] !== row) this.body.insertBefore(row, this.body.children[at] ?? null);
    });
    if (items.length === 0) this.body.append(this.empty);
    else this.empty.remove();
  }

  #rowOf(item) {
    const key = this.keyOf(item);
    const known = this.#rows.get(key) ?? this.make(item);
    this.#rows.set(key, known);
    return known;
  }

  /** Removes a row. Whoever was in it with the keyboard is not thrown out of the table. */
  #remove(key, row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    const refuge = next?.querySelector('button') ?? row.closest('section')?.querySelector('h2');
    if (row.contains(document.activeElement)) refuge?.focus();
    row.remove();
    this.#rows.delete(key);
  }
}

/**
 * Makes a table of plain text, whose first cell names the row. A column says what it shows of an item, and its class.
 */
export function textTable(body, keyOf, columns) {
  return new Table(body, {
    keyOf,
    make: () => {
      const row = element('tr');
      columns.forEach(([, className], i) => row.append(element(i === 0 ? 'th' : 'td', className)));
      row.firstElementChild.scope = 'row';
      return row;
    },
    fill: (row, item) => columns.forEach(([text], i) => say(row.children[i], text(item))),
  });
}
