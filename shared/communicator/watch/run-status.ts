/** The status of a run, its queues and its Monitors. This file names nothing of Node.js or Redis. */

/**
 * The counts of each queue, which only grow. `expired`: removed from the dead because of its age or the number of the
 * dead; `deleted`: removed from the dead by a person. A transfer counts as `moved` in the queue that marbles leave, and
 * as `received` in the one that they enter. `destroyed`: removed while it waited. `elevated` and `lifted` are about the
 * queue's outbox.
 */
export const EVENTS = [
  'sent',
  'taken',
  'finished',
  'failed',
  'dropped',
  'returned',
  'released',
  'dead',
  'expired',
  'deleted',
  'moved',
  'received',
  'destroyed',
  'elevated',
  'lifted',
] as const;
export type QueueEvent = (typeof EVENTS)[number];

export interface QueueStatus {
  readonly queue: string;
  /** Marbles that wait. */
  readonly depth: number;
  /** Marbles in hand. */
  readonly held: number;
  /** How long the next marble has waited, in ms; 0 when none waits. */
  readonly oldestMs: number;
  readonly counts: Readonly<Record<QueueEvent, number>>;
}

export interface MonitorStatus {
  /** `<host>:<pid>`. */
  readonly name: string;
  readonly version: string;
  /** When it last noted that it sweeps, in ms since 1970 by Redis's clock, and how long ago that was. */
  readonly turnedAt: number;
  readonly silentMs: number;
}

/** The state of a run, at a glance. */
export interface RunStatus {
  readonly run: string;
  /** `ready`, or what the connection waits for. */
  readonly redis: string;
  /** Monitors that have noted that they watch, the one that turned last first. */
  readonly monitors: readonly MonitorStatus[];
  readonly queues: readonly QueueStatus[];
  /** How many clients wait or work, how many of them hang, and how many marbles are delayed and dead. */
  readonly holders: number;
  readonly hung: number;
  readonly later: number;
  readonly dead: number;
}
