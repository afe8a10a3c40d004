/**
 * Describes whatever was thrown as plain JSON of some kilobytes at most.
 *
 * Everything may go wrong here: getters may throw, a Proxy may be revoked, an `inspect` of its own may throw, a message
 * may have megabytes. No such error may leave this file, or one bad error would end its worker.
 */
import { inspect, types } from 'node:util';

export type DescribedError = { readonly message: string } & Readonly<Record<string, string | number>>;

const STACK_LIMIT = 2000;
const WORD_LIMIT = 100;
/** The number of fields of one object that are shown. `inspect` itself would show all of a million. */
const MOST_FIELDS = 100;

/** Describes an error. Never throws. */
export function describeError(error: unknown): DescribedError {
  try {
    return isError(error) ? fieldsOf(error) : { message: text(error, STACK_LIMIT) };
  } catch {
    return { message: `${typeof error} that cannot be described` };
  }
}

function fieldsOf(error: Error): DescribedError {
  const [name, message, code, stack, cause] = FIELDS.map((field) => read(error, field));
  const word = text(name, WORD_LIMIT);
  return {
    name: word,
    message: message === '' || message === undefined ? unspoken(error, word) : text(message, STACK_LIMIT),
    ...(code === undefined ? {} : { code: Number.isFinite(code) ? (code as number) : text(code, WORD_LIMIT) }),
    ...(stack === undefined ? {} : { stack: text(stack, STACK_LIMIT) }),
    ...(cause === undefined ? {} : { cause: text(cause, STACK_LIMIT) }),
  };
}

/** Returns a copy of the error that is safe to read, for code that wants an Error, such as a tracer. */
export function plainError(error: unknown): Error {
  const { name, message, stack, code } = describeError(error);
  const plain = Object.assign(new Error(message), { name: name ?? 'Error' });
  if (stack !== undefined) plain.stack = String(stack);
  return code === undefined ? plain : Object.assign(plain, { code });
}

const FIELDS = ['name', 'message', 'code', 'stack', 'cause'] as const;

/** Recognises an Error, even one of another realm, such as that of a test runner. */
function isError(value: unknown): value is Error {
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- Node.js 20 has no Error.isError
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false; // a revoked Proxy has no prototype
  }
}

function read(error: Error, field: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[field];
  } catch {
    return `[its ${field} cannot be read]`;
  }
}

/**
 * Describes an error that has no message by what it is made of, such as the error for a host none of whose addresses
 * answered.
 */
function unspoken(error: Error, name: string): string {
  const errors = read(error, 'errors');
  if (!Array.isArray(errors) || errors.length === 0) return `${name} without a message`;
  const told = errors
    .slice(0, 5)
    .map((each: unknown) => text(isError(each) ? read(each, 'message') : each, WORD_LIMIT));
  return `${errors.length} errors: ${told.join('; ')}${errors.length > told.length ? '; …' : ''}`;
}

/** Cuts a text to a length. Half a character at its end would not be JSON to Redis. */
function text(value: unknown, most: number): string {
  const whole = typeof value === 'string' ? value : shown(value);
  return Buffer.from(whole.slice(0, most)).toString();
}

function shown(value: unknown): string {
  try {
    if (isLarge(value))
      return `[${Object.prototype.toString.call(value).slice(8, -1)} of more than ${MOST_FIELDS} fields]`;
    return inspect(value, { depth: 2, maxArrayLength: 20, maxStringLength: STACK_LIMIT });
  } catch {
    return `[${typeof value} that cannot be shown]`;
  }
}

function isLarge(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return false; // `inspect` shows only their beginning
  return Object.keys(value).length > MOST_FIELDS;
}
