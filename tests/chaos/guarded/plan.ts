/**
 * The guarded part: a run on a master with one replica and three Sentinels, in which sends wait for the replica.
 *
 *     guarded: plain   loop form, finished one by one; some are failed or forgotten on purpose
 *              pool    handler form, ten at a time
 */
import { LEASE_MS, PLAN } from '../plan.js';

export const RUN = 'guarded';

/** All replicas that there are: else a failover may choose one that has not acknowledged. */
export const REPLICAS = 1;
export const REPLICAS_TIMEOUT_MS = 500;

/** Longer than two masters live side by side: a holder is then known to the new one, with less than it knows itself. */
export const LONG_LEASE_MS = 5 * LEASE_MS;

/** How long the replica may be behind a master that dies: what it answered since may be taken back. */
export const LAG_MS = 1000;

/** The kinds of fault that a failover is; each begins with this. */
export const FAILOVER = 'Sentinel failover';

/** From a passed lease until its marbles are back, where no failover hinders; and clients find the master again first. */
export const GUARDED_RECOVERY_MS = PLAN.recoveryMs + LEASE_MS;
