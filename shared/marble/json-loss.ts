/**
 * Finds values that JSON would silently change: a Map becomes `{}`, NaN becomes null, a function is left out.
 *
 * Every marble that is sent passes here, so plain data is looked at once and nothing is allocated for it. Where that
 * look finds more than plain data, a second one says what it is and puts its path together on the way back. What may go
 * wrong: a cycle has no end, so `JSON.stringify` must have gone through the data first.
 */
import { types } from 'node:util';

/** A value that JSON does not carry: its path, what it is, and what to send instead. */
export class Loss {
  #path = '';

  constructor(
    private readonly what: string,
    private readonly instead: string,
  ) {}

  within(key: string | number): this {
    const step = typeof key === 'number' ? `[${key}]` : IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    this.#path = (step + this.#path).slice(0, LONGEST_PATH);
    return this;
  }

  get text(): string {
    return `data${this.#path}: ${this.what} is not carried by JSON; use ${this.instead}`;
  }
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const LONGEST_PATH = 500;

/** Finds the first value that JSON does not carry. Returns undefined where JSON carries all of them. */
export function lossIn(value: unknown): Loss | undefined {
  if (typeof value === 'string' || (typeof value === 'object' && value !== null && isCarried(value))) return undefined;
  return searched(value);
}

/** True for an object literal, or for an object that JSON.parse made. */
export function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

function isCarried(value: object): boolean {
  if (Array.isArray(value)) return areCarried(value);
  if (!isPlain(value)) return searched(value) === undefined;
  for (const key in value) {
    const field: unknown = (value as Record<string, unknown>)[key];
    if (typeof field === 'string') continue;
    if (typeof field === 'number') {
      if (!Number.isFinite(field)) return false;
    } else if (typeof field === 'object') {
      if (field !== null && !isCarried(field)) return false;
    } else if (typeof field !== 'boolean' && field !== undefined) return false;
  }
  return true;
}

/**
 * Checks the items of an array, with the same ladder as for fields. One function for both would be called for each
 * value, which takes longer than the check itself.
 */
function areCarried(items: readonly unknown[]): boolean {
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item === 'string') continue;
    if (typeof item === 'number') {
      if (!Number.isFinite(item)) return false;
    } else if (typeof item === 'object') {
      if (item !== null && !isCarried(item)) return false;
    } else if (typeof item !== 'boolean') return false;
  }
  return true;
}

function searched(value: unknown): Loss | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : new Loss(String(value), 'null, a string or a codec');
    case 'object':
      return value === null ? undefined : lossInObject(value);
    case 'undefined':
      return new Loss('undefined', 'null');
    case 'bigint':
      return new Loss('a BigInt', 'a string or a codec');
    default:
      return new Loss(`a ${typeof value}`, 'data');
  }
}

function lossInObject(value: object): Loss | undefined {
  if (Array.isArray(value)) return lossInItems(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return lossInFields(value);
  return lossInInstance(value, prototype as object);
}

function lossInItems(items: readonly unknown[]): Loss | undefined {
  for (let i = 0; i < items.length; i++) {
    const loss = searched(items[i]);
    if (loss) return loss.within(i);
  }
  return undefined;
}

/**
 * Looks through the fields of an object. JSON leaves out a field that is undefined, and it reads as undefined again, so
 * nothing is lost.
 */
function lossInFields(fields: object): Loss | undefined {
  for (const key in fields) {
    const value: unknown = (fields as Record<string, unknown>)[key];
    const loss = value === undefined ? undefined : searched(value);
    if (!loss || !Object.hasOwn(fields, key)) continue;
    return key === 'toJSON' && typeof value === 'function' ? lossInMade(fields) : loss.within(key);
  }
  return undefined;
}

/** Looks at a value that is neither a plain object nor an array. */
function lossInInstance(value: object, prototype: object): Loss | undefined {
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return new Loss(named(value), 'base64 or a codec');
  if (types.isDate(value))
    return Number.isNaN(value.getTime()) ? new Loss('an invalid Date', 'null or a valid one') : undefined;
  if ('toJSON' in value && typeof value.toJSON === 'function') return lossInMade(value);
  if (types.isBoxedPrimitive(value)) return undefined;
  const instead = INSTEAD[tag(value)];
  if (instead !== undefined) return new Loss(named(value), instead);
  if ('then' in value && typeof value.then === 'function') return new Loss(named(value), 'what it resolves to (await)');
  if (Object.getPrototypeOf(prototype) !== null && Object.keys(value).length === 0)
    return new Loss(`${named(value)} without fields of its own`, 'a plain object, a toJSON or a codec');
  return lossInFields(value);
}

/** Looks at what `toJSON` returned. JSON sends that, and does not call a second `toJSON`. */
function lossInMade(value: object): Loss | undefined {
  const made = (value as { toJSON(): unknown }).toJSON();
  if (typeof made !== 'object' || made === null) return made === undefined ? undefined : searched(made);
  if (made === value) return lossInFields(withoutToJson(made));
  return lossInObject(made);
}

function withoutToJson(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'toJSON'));
}

const INSTEAD: Readonly<Record<string, string | undefined>> = {
  Map: 'an object or a codec',
  Set: 'an array or a codec',
  WeakMap: 'an object',
  WeakSet: 'an array',
  Promise: 'what it resolves to (await)',
  Error: 'an object with its message, or a codec',
  RegExp: 'its source, or a codec',
};

function tag(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Names a value: `a Set`, `an instance of Money`. */
function named(value: object): string {
  const known = tag(value);
  if (known !== 'Object' && known !== 'Error') {
    const name = Buffer.isBuffer(value) ? 'Buffer' : known;
    return `${/^[AEIOU]/.test(name) && !name.startsWith('U') ? 'an' : 'a'} ${name}`;
  }
  const name = (value.constructor as { name?: unknown } | undefined)?.name;
  if (typeof name !== 'string' || name === '') return 'an object';
  return known === 'Error' ? `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}` : `an instance of ${name}`;
}
