/**
 * The work of the suite: which queues there are in the two runs, what their marbles become, and how long things may take.
 *
 *     node: jobs                         loop form, finished one by one
 *           order                        loop form, one worker, in order
 *           pipe1 ─2─► pipe2 ─1─► pipe3   handler form, 50 at a time, with failures, delays and poison
 *           climb ─elevate─┐              handler form
 *     hub:  top ◄──lane────┘─ elevated by the producer too; atomic loop form, sends to `done`
 *           done
 *
 * A third one, guarded by a replica, is a part of its own: `guarded/plan.ts`.
 */
import type { Plan } from './checker.js';

export const LEASE_MS = 1500;
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
  node: ['jobs', 'order', 'pipe1', 'pipe2', 'pipe3', 'climb'],
  hub: ['top', 'done'],
  guarded: ['plain', 'pool'],
} as const;

export const PLAN: Plan = {
  outputs: {
    pipe1: [
      { q: 'pipe2', end: '.0' },
      { q: 'pipe2', end: '.1' },
    ],
    pipe2: [{ q: 'pipe3', end: '.0' }],
    climb: [{ q: 'top', end: '.0' }],
    top: [{ q: 'done', end: '.0' }],
  },
  ordered: ['order'],
  recoveryMs: SWEEP_MS + SLACK_MS,
};

/** The data of every marble. */
export interface Work {
  readonly key: string;
  readonly by?: { readonly key: string; readonly attempt: number };
  /** Fails whenever it is worked on. */
  readonly poison?: true;
}
