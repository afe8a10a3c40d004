/** Places of a document that `make bench` fills, each between two comments. */
const BY = 'written by `make bench`';

/** Returns the text with all its places filled anew. Throws where text and tables do not name the same ones. */
export function placed(text: string, tables: Readonly<Record<string, string>>): string {
  const found = [...text.matchAll(new RegExp(`<!-- (\\w+): ${BY} -->`, 'g'))].map(([, name]) => name!);
  const [has, needs] = [found, Object.keys(tables)].map((names) => names.toSorted().join(', '));
  if (has !== needs) throw new Error(`the document has places for ${has}; there are ${needs}`);
  return Object.entries(tables).reduce((before, [name, content]) => {
    const place = new RegExp(`(<!-- ${name}: ${BY} -->)[^]*?(<!-- /${name} -->)`);
    return before.replace(place, (_, open: string, close: string) => `${open}\n\n${content}\n\n${close}`);
  }, text);
}
