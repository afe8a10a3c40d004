/** The files of this project, as tests of its documents read them. */
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

export const root = new URL('../../..', import.meta.url).pathname;

const PLACES = ['.', 'docs', 'docs/decisions', 'examples', 'examples/python', 'services/monitor', 'services/elevator'];

/** Lists the path of every document, from the root of the project. */
export async function documents(): Promise<string[]> {
  const found = await Promise.all(PLACES.map((place) => readdir(join(root, place))));
  return PLACES.flatMap((place, i) =>
    found[i]!.filter((name) => name.endsWith('.md')).map((name) => join(place, name)),
  );
}

/** Lists the targets of the Makefile. */
export async function makeTargets(): Promise<string[]> {
  const makefile = await readFile(join(root, 'Makefile'), 'utf8');
  return [...makefile.matchAll(/^([a-z][a-z-]*):/gm)].map(([, target]) => target!);
}

export interface Link {
  /** The document that has the link. */
  readonly from: string;
  /** The path that it leads to, from the root, without what follows a `#`. */
  readonly to: string;
  readonly heading: string | undefined;
}

/** Lists every link of a document to a file or heading of this project. */
export function linksOf(document: string, text: string): Link[] {
  const prose = text.replace(/^```[^]*?^```/gm, '');
  const found = [...prose.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)].filter(([, path]) => !path!.includes(':'));
  return found.map(([, path, heading]) => ({
    from: document,
    to: path === '' ? document : relative(root, join(root, document, '..', path!)),
    heading,
  }));
}

/** Lists the anchors that a site makes of the headings of a document. */
export function anchorsOf(text: string): string[] {
  const headings = [...text.replace(/^```[^]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
