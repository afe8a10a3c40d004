/**
 * The work of the suite: which queues there are in the two runs, what their marbles become, and how long things may take.
 *
 *     node: jobs                         loop form, finished one by one
 *           order                        loop form, one worker, in order
 *           pipe1 ─2─► pipe2 ─1─► pipe3   handler form, 50 at a time, with failures, delays and poison
 *           climb ─elevate─┐              handler form
 *           part ─2─► piece │              members of batches: handler form
 *           rise ─elevate─┐ │              members too, of batches that are done with what is elevated
 *           doomed ─1─► doomed             members of batches that are cancelled: handler form
 *           frail          │ │             members that fail and die: loop form
 *           join, thens    │ │             what is sent when a batch in another, or one by itself, is complete: loop form
 *     hub:  top ◄──lane────│─┘─ elevated by the producer too; atomic loop form, sends to `done`
 *           peak ◄─lane────┘
 *           done
 *
 * A third one, guarded by a replica, is a part of its own: `guarded/plan.ts`.
 */
import type { Marble } from 'marblerun';
import type { MemberQueues } from './batches/recount.js';
import type { Plan } from './checker.js';

export const LEASE_MS = 1500;
/** Data that a marble sends on are larger than this, and those that a producer sends are smaller: both are everywhere. */
export const LARGE_BYTES = 60;
/** Longer than the lease, as it is by default; a path that swallows everything is noticed after this and the limit of a reply. */
export const BLOCK_MS = 2 * LEASE_MS;
/** How long a connection may be gone, by default. Less than the lease, so that it tells first. */
export const GONE_MS = 1000;
export const CONNECTIONS_MS = 100;
export const SWEEP_MS = 250;
export const ORPHANS_MS = 1000;
/** How late a sweep may be for reasons of the machine: it has few cores and many processes. */
const SLACK_MS = 5000;

export const RUNS = { lower: 'node', upper: 'hub' } as const;
export const QUEUES = {
  node: [
    ...['jobs', 'order', 'pipe1', 'pipe2', 'pipe3', 'climb'],
    ...['part', 'piece', 'rise', 'doomed', 'frail', 'join', 'thens'],
  ],
  hub: ['top', 'peak', 'done'],
  guarded: ['plain', 'pool'],
} as const;

/** Roles that send, and end before all is drained. */
export const SENDERS: readonly string[] = ['producer', 'batcher'];

/** Queues to which marbles are elevated. */
export const ELEVATED: readonly string[] = ['top', 'peak'];

/** Queues that have nothing but members of batches. */
export const MEMBERS: MemberQueues = {
  queues: ['part', 'piece', 'rise', 'doomed', 'frail', 'join'],
  elevated: ['peak'],
};

export const PLAN: Plan = {
  outputs: {
    pipe1: [
      { q: 'pipe2', end: '.0' },
      { q: 'pipe2', end: '.1' },
    ],
    pipe2: [{ q: 'pipe3', end: '.0' }],
    climb: [{ q: 'top', end: '.0' }],
    part: [
      { q: 'piece', end: '.0' },
      { q: 'piece', end: '.1' },
    ],
    rise: [{ q: 'peak', end: '.0' }],
    top: [{ q: 'done', end: '.0' }],
  },
  ordered: ['order'],
  dropping: ['doomed'],
  recoveryMs: SWEEP_MS + SLACK_MS,
};

export type Bus = Marble<Record<string, Work>>;

/** The data of every marble. */
export interface Work {
  readonly key: string;
  readonly by?: { readonly key: string; readonly attempt: number };
  /** Fails whenever it is worked on. */
  readonly poison?: true;
  /** Sends one more on, to its own queue. */
  readonly begets?: true;
  /** The name of the batch that it is a member of: a marble itself carries only the id. */
  readonly batch?: string;
  /** It makes the data large. */
  readonly filler?: string;
  /** It is the `then` of the batch of this name. */
  readonly of?: string;
}
