/**
 * Decides what a proxy lets through to a Docker engine: a few requests, about containers with the label of a run.
 *
 * What is not listed is refused. A request is not handed on as it came, but written anew from what is known of it, so
 * nothing else rides on it. What may go wrong: an engine understands a request in another way than this file. So a path
 * has no names and no escapes in it, only whole ids.
 */
import { RUN_LABEL } from '../docker/engine.js';
import { LEVELS, type Level } from './config.js';

/** A request that may go to the engine, if what it is about has the label. */
export interface Admitted {
  readonly method: string;
  /** The path and query. */
  readonly path: string;
  /** The container that has to have the label. */
  readonly container?: string | undefined;
  /** Set for a container that is to be made: it has to be like one that has the label. */
  readonly creates?: boolean | undefined;
}

interface Rule {
  readonly method: string;
  readonly path: RegExp;
  readonly from: Level;
  /** The parameters that are handed on. */
  readonly query?: readonly string[];
  /** Set where the answer is about many: the label is made a part of the question. */
  readonly isFiltered?: true;
  readonly creates?: true;
}

const ID = '([0-9a-f]{64})';
const on = (end: string) => new RegExp(`^/containers/${ID}${end}$`);

const RULES: readonly Rule[] = [
  { method: 'GET', path: /^\/_ping$/, from: 'reads' },
  { method: 'HEAD', path: /^\/_ping$/, from: 'reads' },
  { method: 'GET', path: /^\/version$/, from: 'reads' },
  { method: 'GET', path: /^\/events$/, from: 'reads', query: ['since', 'until'], isFiltered: true },
  { method: 'GET', path: /^\/containers\/json$/, from: 'reads', query: ['all'], isFiltered: true },
  { method: 'POST', path: on('/restart'), from: 'restart', query: ['t'] },
  { method: 'GET', path: on('/json'), from: 'scale' },
  { method: 'POST', path: /^\/containers\/create$/, from: 'scale', query: ['name'], creates: true },
  { method: 'POST', path: on('/start'), from: 'scale' },
  { method: 'POST', path: on('/stop'), from: 'scale', query: ['t'] },
  { method: 'DELETE', path: on(''), from: 'scale', query: ['v'] },
];

const VERSION = /^\/v1\.\d{1,3}(?=\/)/;

/** Returns the request as it may go on, or the reason why it may not. */
export function admit(method: string, target: string, allow: Level): Admitted | string {
  const url = URL.canParse(target, 'http://docker') ? new URL(target, 'http://docker') : undefined;
  if (!url || url.host !== 'docker') return 'this is no path';
  const [version = ''] = VERSION.exec(url.pathname) ?? [];
  const path = url.pathname.slice(version.length);
  const rule = RULES.find((one) => one.method === method && one.path.test(path));
  if (!rule) return 'this proxy does not let that through';
  if (LEVELS.indexOf(rule.from) > LEVELS.indexOf(allow)) return `this proxy lets that through with ${rule.from} only`;
  const query = new URLSearchParams();
  for (const name of rule.query ?? []) for (const value of url.searchParams.getAll(name)) query.append(name, value);
  if (rule.isFiltered) {
    const filters = withLabel(url.searchParams.get('filters') ?? '{}');
    if (filters === undefined) return 'filters: this is no object of lists';
    query.set('filters', filters);
  }
  const [, container] = rule.path.exec(path) ?? [];
  const end = query.size > 0 ? `?${query.toString()}` : '';
  return { method, path: `${version}${path}${end}`, container, creates: rule.creates };
}

/** Adds the label to filters, and leaves out all that is not about containers. */
function withLabel(text: string): string | undefined {
  const filters = parse(text);
  if (!isRecord(filters)) return undefined;
  const lists = Object.entries(filters).map(([name, values]) => [name, listOf(values)] as const);
  if (lists.some(([, values]) => values === undefined)) return undefined;
  const given = Object.fromEntries(lists) as Record<string, string[]>;
  const types = 'type' in given || 'event' in given ? { type: ['container'] } : {};
  return JSON.stringify({ ...given, ...types, label: [...(given['label'] ?? []), RUN_LABEL] });
}

/** Reads a list as engines write it today, or in the old form: `{"value": true}`. */
function listOf(values: unknown): string[] | undefined {
  const list: unknown[] = Array.isArray(values) ? values : isRecord(values) ? Object.keys(values) : [undefined];
  return list.every((value) => typeof value === 'string') ? list : undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns nothing where it is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
