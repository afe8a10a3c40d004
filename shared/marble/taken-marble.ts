/**
 * The part that a handler's marble and a loop's have in common: all that it tells of itself.
 */
import type { Failure } from '../communicator/data/header.js';

export interface TakenMarble<K extends string = string, D = unknown> {
  /** The data that was sent. */
  readonly data: D;
  readonly id: string;
  /** The queue that it came from. */
  readonly queue: K;
  /** The number of this delivery, from 1. */
  readonly attempt: number;
  /** The latest deliveries that were not finished, the oldest first. */
  readonly failures: readonly Failure[];
  /** The label that it was sent with. Members of a batch carry only the batch's id: a handler that needs the name gets it in the data. */
  readonly batch: string | undefined;
}
