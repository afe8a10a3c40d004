/**
 * Warns of a Redis that may evict. When it is full, it throws keys away, marbles among them, and tells nobody. So its
 * clients tell their people.
 *
 * What may go wrong: this user may not read the policy (INFO). In that case nothing is said.
 */
import type { Redis } from 'ioredis';

/** Redis servers that this process has asked. */
const asked = new Set<string>();

/** Silences the warning in a thread that speaks for another one. */
let quiet = false;
export function warnOfNoEviction(): void {
  quiet = true;
}

/**
 * Reads the policy: its name where it lets Redis throw keys away, '' where it does not, undefined where this user may
 * not know.
 */
export function evictingPolicy(info: string | undefined): string | undefined {
  if (info === undefined) return undefined;
  const policy = /^maxmemory_policy:(\S*)/m.exec(info)?.[1] ?? '';
  return policy === 'noeviction' ? '' : policy;
}

/** Warns once for each Redis in this process. Never throws. */
export async function warnOfEviction(redis: Redis, address: string): Promise<void> {
  if (quiet || asked.has(address)) return;
  asked.add(address);
  try {
    const policy = evictingPolicy(await redis.info('memory'));
    if (!policy) return;
    process.emitWarning(
      `redis: ${address} has maxmemory-policy ${policy}: when it is full it throws marbles away and tells nobody; set it to noeviction`,
      { type: 'MarbleRunWarning', code: 'MR_REDIS_MAY_EVICT' },
    );
  } catch (error) {
    if (!String(error).includes('NOPERM')) asked.delete(address); // the connection broke: the next one asks
  }
}
