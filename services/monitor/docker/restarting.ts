/**
 * Decides which container is restarted because a worker in it hangs: one at the most, and not too often.
 *
 * It only computes: the engine and the bus are asked by `restarter.ts`.
 */
export interface HungContainer {
  readonly id: string;
  readonly name: string;
  /** The time since a marble of a holder in it was over its limit; the longest, where several hang. */
  readonly hungMs: number;
  /** The lease of that holder: three heartbeats or more, by which it is certain that it hangs. */
  readonly leaseMs: number;
}

/** A restart that was begun, as the Monitors of a run note it on the bus. */
export interface NotedRestart {
  readonly id: string;
  readonly name: string;
  /** The date by Redis's clock, in ms. */
  readonly at: number;
}

export interface RestartState {
  readonly now: number;
  readonly hung: readonly HungContainer[];
  /** Restarts of the last hour, the latest last. */
  readonly past: readonly NotedRestart[];
  /** True: the container of the latest of them runs again. */
  readonly isBack: boolean;
  readonly perHour: number;
}

export type RestartStep =
  | { readonly do: 'restart'; readonly container: HungContainer; readonly why: string }
  | { readonly do: 'nothing'; readonly why: string };

export const HOUR_MS = 3_600_000;
/** A worker that hangs for less may come back by itself. */
const LEAST_HUNG_MS = 10_000;
/**
 * The pause after the first restart of a container; it doubles with each further one. It is longer than the holders of
 * the process that was ended keep their leases.
 */
const BACKOFF_MS = 60_000;
const BACKOFF_LEASES = 2;
/** The time after which a container that does not come back holds up no other. */
const BACK_MS = 120_000;

export function decideRestart({ now, hung, past, isBack, perHour }: RestartState): RestartStep {
  const latest = past.at(-1);
  if (latest && !isBack && now - latest.at < BACK_MS) return nothing(`waits until ${latest.name} runs again`);
  if (hung.length > 0 && past.length >= perHour)
    return nothing(`${past.length} containers were restarted within an hour; allowed: ${perHour}`);
  let why = '';
  for (const container of [...hung].sort((a, b) => b.hungMs - a.hungMs)) {
    const waits = whyNotYet(container, past, now);
    if (waits === undefined)
      return { do: 'restart', container, why: `it has hung for ${Math.round(container.hungMs / 1000)} s` };
    why ||= waits;
  }
  return nothing(why || 'no worker hangs in a container that may be restarted');
}

function whyNotYet({ id, name, hungMs, leaseMs }: HungContainer, past: readonly NotedRestart[], now: number) {
  const patienceMs = Math.max(LEAST_HUNG_MS, leaseMs);
  if (hungMs < patienceMs) return `${name} may come back by itself: restarts it after ${patienceMs} ms`;
  const own = past.filter((restart) => restart.id === id);
  const pauseMs = Math.max(BACKOFF_MS, BACKOFF_LEASES * leaseMs) * 2 ** (own.length - 1);
  const latest = own.at(-1);
  return latest && now - latest.at < pauseMs ? `${name} was restarted less than ${pauseMs} ms ago` : undefined;
}

function nothing(why: string): RestartStep {
  return { do: 'nothing', why };
}
