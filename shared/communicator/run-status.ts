/** What is told of a run, its queues and its Monitors. It names nothing of Node.js or Redis. */

/**
 * What is counted of each queue, for ever upwards. `expired`: removed from the dead by the retention, `deleted`: by a person.
 * `moved` from its list and `received` in it by a transfer; `destroyed` while it waited. `lifted` and `elevated` are of its outbox.
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
  /** When it last noted that it sweeps: ms since 1970 by Redis's clock, and how long ago that was. */
  readonly turnedAt: number;
  readonly silentMs: number;
}

/** How a run is, at a glance. */
export interface RunStatus {
  readonly run: string;
  /** `ready`, or what it waits for. */
  readonly redis: string;
  /** Those that have noted that they watch, the one that turned last first. */
  readonly monitors: readonly MonitorStatus[];
  readonly queues: readonly QueueStatus[];
  /** Waiting or working clients, delayed marbles, dead marbles. */
  readonly holders: number;
  readonly later: number;
  readonly dead: number;
}
