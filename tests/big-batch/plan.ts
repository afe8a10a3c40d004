/**
 * The agreement of the story of the big batch and its workers: each marble of `a` sends two to `b`, each of `b` one to `c`.
 * So of five members one is sent from outside, and four by handlers.
 */
export interface Queues {
  a: number;
  b: number;
  c: number;
  /** Where `then` goes. */
  done: null;
}

export const FAN_OUT = 2;
export const MEMBERS_OF_ONE = 1 + FAN_OUT + FAN_OUT;
export const RUN = 'big';
export const LEASE_MS = 3000;

export const KINDS = ['worker', 'monitor', 'redis'] as const;
export type Kind = (typeof KINDS)[number];
