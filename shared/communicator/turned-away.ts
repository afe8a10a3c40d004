/**
 * The answer of Redis when it does not take a connection: at once, before it has read anything, and then it
 * hangs up. ioredis takes it for the answer to whatever it has sent, or loses it with the connection.
 */
import type { Redis } from 'ioredis';

const REFUSAL = /^-((?:DENIED|ERR max number of clients) [^\r\n]*)/;

/** Returns what has been said by then. To be called before it connects. */
export function turnedAway(redis: Redis): () => Error | undefined {
  let refusal: Error | undefined;
  redis.once('connect', () => {
    redis.stream.once('data', (first: Buffer) => {
      const said = REFUSAL.exec(first.toString())?.[1];
      if (said !== undefined) refusal = new Error(said);
    });
  });
  return () => refusal;
}
