import type { Redis } from 'ioredis';

/** Reads the time by Redis's clock, in ms since 1970. */
export async function timeMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
