/**
 * The state of a batch, as `lua/progress.lua` tells it, and what its dead died of.
 */

/** The settings that a batch was opened with. */
export interface BatchAbout {
  readonly name: string;
  /**
   * The effect of a dead member on the batch. `wait`: the batch stays open until a person has settled it; `continue`:
   * nothing; `cancel`: the batch is cancelled.
   */
  readonly onDead: 'wait' | 'continue' | 'cancel';
  /** The most dead members that are allowed, as a number or as a share of all members. One more cancels the batch. */
  readonly maxDead?: number | string;
  /** How long the batch is remembered after it is complete. */
  readonly keepMs: number;
  /** Whether elevated members count as left for ever (`wait`), or as done when they leave the run (`done`). */
  readonly elevated: 'wait' | 'done';
  /** Where the marble goes that is sent when the batch is complete. A digest of its data is kept for comparison. */
  readonly then?: { readonly queue: string; readonly digest: string };
}

export interface FailureGroup {
  readonly queue: string;
  /** `failed`, `dropped`, `abandoned`, `over its time limit` … */
  readonly why: string;
  /** The message of the error, where there was one. Numbers in it become `#`, so that similar errors share a group. */
  readonly error: string | undefined;
  readonly count: number;
  /** Serials of the first letters, to look them up in the Monitor and the deadLetters. */
  readonly serials: readonly string[];
  /** When the latest one died, in ms since 1970 by Redis's clock. */
  readonly lastAt: number;
}

export interface BatchState {
  readonly id: string;
  readonly name: string;
  readonly about: BatchAbout;
  /** The id of the batch that this batch is a member of. */
  readonly parent: string | undefined;
  /** How many members there have ever been. A batch that is a member counts as one. */
  readonly sent: number;
  /** Members that are alive: waiting, delayed or in hand. */
  readonly left: number;
  readonly finished: number;
  /** Members that are dead letters now. */
  readonly dead: number;
  /** Members that were dropped because the batch was cancelled. */
  readonly cancelledMembers: number;
  /** Dead members that were removed, by a person or because of their age, and waiting members that were destroyed. */
  readonly gone: number;
  /** Deliveries of members that were not finished. */
  readonly failedAttempts: number;
  /** How often more members ended than the batch had: somebody has copied some by hand. */
  readonly surplus: number;
  readonly sealed: boolean;
  /** The reason of the cancellation, where the batch was cancelled. */
  readonly cancelled: string | undefined;
  /** When it was complete, in ms since 1970 by Redis's clock; undefined while it is open. */
  readonly doneAt: number | undefined;
  /** True once its `then` was sent. */
  readonly fired: boolean;
  readonly openedAt: number;
  /** The moment that this state is of. */
  readonly at: number;
}

/** Writes settings as they are kept: what waits is not said, for each batch costs its text. */
export function writeAbout({ onDead, elevated, ...about }: BatchAbout): string {
  return JSON.stringify({ ...about, ...(onDead !== 'wait' && { onDead }), ...(elevated !== 'wait' && { elevated }) });
}

/** Reads settings as they are kept: a line of JSON, then the `then` of the batch. */
export function readAbout(kept: string): BatchAbout {
  const [settings = ''] = kept.split('\n', 1);
  return { onDead: 'wait', elevated: 'wait', ...(JSON.parse(settings) as Omit<BatchAbout, 'onDead' | 'elevated'>) };
}

/** Reads the values in the order in which the script returns them. Undefined where there is no such batch. */
export function readState(id: string, at: number, values: readonly (string | null)[]): BatchState | undefined {
  const [left, sent, dead, gone, cancelled, failed, surplus, sealed, reason, done, fired, since, parent, about] =
    values;
  if (left === null || left === undefined || !about) return undefined;
  const n = (value: string | null | undefined) => Number(value ?? 0);
  const settings = readAbout(about);
  const alive = n(left) - (sealed ? 0 : 1);
  return {
    ...{ id, name: settings.name, about: settings, parent: parent ?? undefined },
    ...{ sent: n(sent), left: alive, dead: n(dead), gone: n(gone), cancelledMembers: n(cancelled) },
    finished: Math.max(0, n(sent) - n(dead) - n(gone) - n(cancelled) - alive),
    ...{ failedAttempts: n(failed), surplus: n(surplus), sealed: !!sealed, cancelled: reason ?? undefined },
    ...{ doneAt: done ? Number(done) : undefined, fired: !!fired, openedAt: parseInt(since ?? '0'), at },
  };
}
