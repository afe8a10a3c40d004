/**
 * Catches the answer of a Redis that does not take a connection. It comes at once, before Redis has read anything, and
 * then Redis hangs up. ioredis takes it for the answer to whatever it has sent, or loses it with the connection.
 */
import type { Redis } from 'ioredis';

const REFUSAL = /^-((?:DENIED|ERR max number of clients) [^\r\n]*)/;

/** Listens for a refusal, from before the client connects. Returns a function that tells what was said by then. */
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
