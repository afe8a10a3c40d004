/** A workload whose processes are far from their server. */
import { Redis } from 'ioredis';
import { nowUs } from '../protocol.js';
import type { Workload } from './workload.js';

const PINGS = 11;

/** Measured once: what a link costs is the time that all wait for it. */
export function overLink(roundTripMs: number, workload: Workload): Workload {
  return {
    ...workload,
    mostRounds: 1,
    measure: (lab, contestant) =>
      lab.farAway(roundTripMs, async ({ url }) => ({
        roundTripMs: await pinged(url),
        ...(await workload.measure(lab, contestant)),
      })),
  };
}

/** The median of some round trips, for the link takes a little longer than it was asked to. */
async function pinged(url: string): Promise<number> {
  const redis = new Redis(url);
  const took: number[] = [];
  await redis.ping(); // connects
  for (let i = 0; i < PINGS; i++) {
    const began = nowUs();
    await redis.ping();
    took.push((nowUs() - began) / 1000);
  }
  redis.disconnect();
  return took.sort((a, b) => a - b)[(PINGS - 1) / 2]!;
}
