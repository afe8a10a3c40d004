/** Asks a server who it is. Every version answers HELLO, and so does it for every user. */
import type { Redis } from 'ioredis';

/** A server's answer to HELLO. Every user is allowed to ask it, so the least rights are enough. */
interface Server {
  readonly id: string;
  readonly version: string;
  readonly role: string;
}

export async function hello(redis: Redis): Promise<Server> {
  const reply = (await redis.call('HELLO')) as unknown[] | Record<string, unknown>;
  const pairs = Array.isArray(reply) ? Object.fromEntries(chunked(reply)) : reply;
  return { id: String(pairs['id']), version: String(pairs['version']), role: String(pairs['role']) };
}

function chunked(list: unknown[]): [string, unknown][] {
  return list.flatMap((item, i) => (i % 2 === 0 ? [[String(item), list[i + 1]] as [string, unknown]] : []));
}
