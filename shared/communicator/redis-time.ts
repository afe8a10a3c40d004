import type { Redis } from 'ioredis';

/** ms since 1970 by Redis's clock. */
export async function timeMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
