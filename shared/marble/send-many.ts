/**
 * Streams any number of marbles: in order, some at a time, and never more than two batches in memory.
 *
 * What may go wrong: an item cannot be encoded, the items themselves throw, or Redis refuses a batch. Items before that
 * are sent. The error says how many, and which item is the first that was not sent.
 */
import { isPromise } from 'node:util/types';
import { sizeOf, type Output } from '../communicator/send/outputs.js';
import { bad } from '../check-options.js';
import { MarbleRunError, isMarbleRunError } from '../errors.js';
import { describeError } from './described-error.js';

/** The marbles in one batch. A thousand marbles make several, so that Redis works on one while the next is encoded. */
const BATCH_MARBLES = 500;
/**
 * The bytes in one batch. A write stays under 128 KiB: for a larger one the C library asks the system for memory, and
 * gives it back, each time.
 */
const BATCH_BYTES = 98_304;
/** The bytes in one batch of large data, each of which is a write by itself. */
const LARGE_BATCH_BYTES = 524_288;

/**
 * The place where `sendMany` stopped. Its code is that of the cause, or MR_ITEMS_FAILED where the items themselves
 * threw.
 */
export class SendManyError extends MarbleRunError {
  /** The number of marbles that were sent: the first ones, each once. */
  readonly sent: number;
  /** The index, from 0, of the item that could not be encoded or read, or of the first one that Redis did not take. */
  readonly index: number;

  constructor(where: { readonly sent: number; readonly index: number }, cause: unknown) {
    const code = isMarbleRunError(cause) ? cause.code : 'MR_ITEMS_FAILED';
    const why = describeError(cause).message.replace(/ \(MR_\w+\)$/, '');
    super(code, `sendMany: item ${where.index}: ${why}; ${where.sent} sent`, { cause });
    this.sent = where.sent;
    this.index = where.index;
  }
}

export type Items<T> = Iterable<T> | AsyncIterable<T>;

/**
 * Checks the items. Throws MR_BAD_OPTION for a value that cannot be iterated, and for text and bytes, of which each
 * character would become a marble.
 */
export function checkItems(items: unknown): void {
  const isObject = typeof items === 'object' && items !== null;
  const iterates = isObject && (Symbol.iterator in items || Symbol.asyncIterator in items);
  if (iterates && !ArrayBuffer.isView(items)) return;
  if (isPromise(items)) bad('sendMany.items', items, 'an array, an iterable or an async iterable: await it first');
  bad('sendMany.items', items, 'an array, an iterable or an async iterable; [item] for one');
}

/** @internal Sends all items and returns how many. Throws a {@link SendManyError}. */
export async function sendMany<T>(
  items: Items<T>,
  encode: (item: T) => Output,
  send: (outputs: Output[]) => Promise<void>,
): Promise<number> {
  const stream = new Stream(send);
  let index = 0;
  let trouble: { readonly cause: unknown } | undefined;
  /** Adds an item. Returns true when the batch is full. */
  const add = (item: T): boolean => {
    const full = stream.add(encode(item));
    index++;
    return full;
  };
  try {
    const own = kept(items);
    if (Symbol.iterator in own) {
      for (const item of own) if (add(item)) await stream.flush(); // `for await` would take turns for every item
    } else {
      for await (const item of own) if (add(item)) await stream.flush();
    }
  } catch (cause) {
    trouble = { cause };
  }
  try {
    await stream.flush();
    await stream.underWay;
  } catch (cause) {
    // of two failures the earlier one is thrown
    throw new SendManyError({ sent: stream.sent, index: stream.sent }, cause);
  }
  if (trouble) throw new SendManyError({ sent: stream.sent, index }, trouble.cause);
  return stream.sent;
}

/** Sends batches: one is filled while the one before it is sent. */
class Stream {
  sent = 0;
  underWay = Promise.resolve();
  #batch: Output[] = [];
  #bytes = 0;

  constructor(private readonly send: (outputs: Output[]) => Promise<void>) {}

  /** Adds an output. Returns true when the batch is full. */
  add(output: Output): boolean {
    this.#batch.push(output);
    this.#bytes += sizeOf(output);
    const most = output.large ? LARGE_BATCH_BYTES : BATCH_BYTES;
    return this.#batch.length >= BATCH_MARBLES || this.#bytes >= most;
  }

  async flush(): Promise<void> {
    const outputs = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    await this.underWay;
    if (outputs.length === 0) return;
    this.underWay = this.send(outputs).then(() => void (this.sent += outputs.length));
    this.underWay.catch(() => undefined); // the next flush awaits it, or the end does
  }
}

/** Keeps the caller's iterator open, such as a generator: after an item that fails the caller may go on with it. */
function kept<T>(items: Items<T>): Items<T> {
  if (Symbol.iterator in items) {
    const iterator = items[Symbol.iterator]();
    if ((iterator as unknown) !== items) return items;
    return { [Symbol.iterator]: () => ({ next: () => iterator.next() }) };
  }
  const iterator = items[Symbol.asyncIterator]();
  if ((iterator as unknown) !== items) return items;
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}
