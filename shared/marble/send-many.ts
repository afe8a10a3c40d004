/**
 * Streams any number of marbles: in order, some at a time, never more than two batches in memory.
 */
import type { Output } from '../communicator/outputs.js';

/** Several for a thousand marbles, so that Redis works on one while the next is encoded. */
const BATCH_MARBLES = 500;
/** A write under 128 KiB: for a larger one, the C library asks the system for memory, and gives it back, each time. */
const BATCH_BYTES = 98_304;

/** `encode` may throw: what came before it is sent, and the error says which item it was. Returns how many were sent. */
export async function sendMany<T>(
  items: Iterable<T> | AsyncIterable<T>,
  encode: (item: T) => Output,
  send: (outputs: Output[]) => Promise<void>,
): Promise<number> {
  let sent = 0;
  let batch: Output[] = [];
  let bytes = 0;
  let underWay = Promise.resolve();
  const flush = async () => {
    const outputs = batch;
    batch = [];
    bytes = 0;
    await underWay;
    underWay = send(outputs).then(() => void (sent += outputs.length));
    underWay.catch(() => undefined); // awaited by the next flush, or at the end
  };
  /** True when the batch is full. */
  const add = (item: T): boolean => {
    const output = encode(item);
    batch.push(output);
    bytes += output.envelope.length;
    return batch.length >= BATCH_MARBLES || bytes >= BATCH_BYTES;
  };
  try {
    if (Symbol.iterator in items) {
      for (const item of items) if (add(item)) await flush(); // for await would take turns for every item
    } else {
      for await (const item of items) if (add(item)) await flush();
    }
  } finally {
    await flush();
    await underWay;
  }
  return sent;
}
