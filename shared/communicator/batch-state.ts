/**
 * How a batch is, as `lua/progress.lua` tells it, and what its dead died of.
 */

/** What was said when it was opened. */
export interface BatchAbout {
  readonly name: string;
  /** What a dead member means: it stays open until a person has settled it; nothing; it is cancelled. */
  readonly onDead: 'wait' | 'continue' | 'cancel';
  /** More dead members than that, or than that share of all, cancel it. */
  readonly maxDead?: number | string;
  /** It is remembered for so long after it is complete. */
  readonly keepMs: number;
  /** Elevated members are left for ever, or done with when they leave the run. */
  readonly elevated: 'wait' | 'done';
  /** What is sent when it is complete; of the data a digest, to be compared. */
  readonly then?: { readonly queue: string; readonly digest: string };
}

export interface FailureGroup {
  readonly queue: string;
  /** `failed`, `dropped`, `abandoned`, `over its time limit` … */
  readonly why: string;
  /** The message of the error, where there was one; numbers in it are `#`, so that like ones meet. */
  readonly error: string | undefined;
  readonly count: number;
  /** Serials of the first graves, for the Monitor and the graveyard. */
  readonly serials: readonly string[];
  /** When the latest died, in ms since 1970 by Redis's clock. */
  readonly lastAt: number;
}

export interface BatchState {
  readonly id: string;
  readonly name: string;
  readonly about: BatchAbout;
  /** The id of the batch that it is in. */
  readonly parent: string | undefined;
  /** Members ever; a batch in it is one of them. */
  readonly sent: number;
  /** Members that are alive: they wait, are delayed or in hand. */
  readonly left: number;
  readonly finished: number;
  /** In their graves now. */
  readonly dead: number;
  /** Dropped because it was cancelled. */
  readonly cancelledMembers: number;
  /** Dead ones that were removed, by a person or with time; waiting ones that were destroyed. */
  readonly gone: number;
  /** Deliveries of members that were not finished. */
  readonly failedAttempts: number;
  /** How often it was told of the end of more members than it had: somebody has copied some by hand. */
  readonly surplus: number;
  readonly sealed: boolean;
  /** Why it was cancelled. */
  readonly cancelled: string | undefined;
  /** In ms since 1970, by Redis's clock; undefined while it is open. */
  readonly doneAt: number | undefined;
  /** Its `then` was sent. */
  readonly fired: boolean;
  readonly openedAt: number;
  /** When this was so. */
  readonly at: number;
}

/** `values` in the order in which the script tells them. Undefined where there is no such batch. */
export function readState(id: string, at: number, values: readonly (string | null)[]): BatchState | undefined {
  const [left, sent, dead, gone, cancelled, failed, surplus, sealed, reason, done, fired, since, parent, about] =
    values;
  if (left === null || left === undefined || !about) return undefined;
  const n = (value: string | null | undefined) => Number(value ?? 0);
  const settings = JSON.parse(about) as BatchAbout;
  const alive = n(left) - (sealed ? 0 : 1);
  return {
    ...{ id, name: settings.name, about: settings, parent: parent ?? undefined },
    ...{ sent: n(sent), left: alive, dead: n(dead), gone: n(gone), cancelledMembers: n(cancelled) },
    finished: Math.max(0, n(sent) - n(dead) - n(gone) - n(cancelled) - alive),
    ...{ failedAttempts: n(failed), surplus: n(surplus), sealed: !!sealed, cancelled: reason ?? undefined },
    ...{ doneAt: done ? Number(done) : undefined, fired: !!fired, openedAt: n(since), at },
  };
}
