/**
 * Set-up for the tests of hearts: each has a run of its own, processes that beat, holders, and a Monitor that looks.
 * After the test everything that was opened is closed.
 */
import { afterEach, beforeEach } from '@jest/globals';
import { freshBus, until, type Bus } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Communicator } from '../communicator.js';
import { encodeEnvelope } from '../data/envelope.js';
import type { Holding } from '../hold/holding.js';
import { keysOf, type RunKeys } from '../redis/keys.js';

export const HOUR_MS = 3_600_000;
export const GONE_MS = 1000;
let bus: Bus;
export let keys: RunKeys;
export let redis: Redis;
export let monitor: Communicator;
let open: Communicator[];

beforeEach(() => {
  bus = freshBus();
  keys = keysOf(bus.run);
  redis = new Redis(bus.redis);
  open = [];
  monitor = connected();
});
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  redis.disconnect();
});

export function connected(redis = bus.redis): Communicator {
  const communicator = new Communicator({ ...bus, redis });
  open.push(communicator);
  return communicator;
}

/** A process with this heart. */
export async function beats(id: string, goneMs = GONE_MS, container?: string): Promise<Communicator> {
  const process = connected();
  await process.hearts.pulse({ id, goneMs, container });
  return process;
}

/** A holder with this heart and some marbles; it says nothing more. */
export async function holds(heart: string | undefined, marbles = 1): Promise<Holding> {
  const at = connected();
  const description: Record<string, string> = heart === undefined ? {} : { heart };
  const options = { leaseMs: HOUR_MS, timeLimitMs: 0, maxAttempts: 5, description };
  const holding = at.holders.holding(at.holders.waitingConnection(1000), options);
  await holding.enter();
  const envelope = () => encodeEnvelope({ id: 'm', attempt: 0, sentAt: 1, type: 'j' }, '1');
  await at.push(Array.from({ length: marbles }, () => ({ kind: 'back', queue: 'q', envelope: envelope() })));
  await holding.swap({ sources: ['q'], want: marbles });
  return holding;
}

export const ENDED_MS = 60;
export const look = (...ended: string[]) => monitor.goneConnections.look({ containers: ended, mayBeGoneMs: ENDED_MS });
export const noted = async (id: string) => (await redis.hget(keys.hearts, id))?.split(' ');
/** Words of a note: see lib/hearts.lua. */
export const [NOTED_AT, SERVER, GONE, LOOKED_AT] = [3, 4, 5, 6] as const;

export async function change(id: string, word: number, to: (before: string) => string): Promise<void> {
  const words = (await noted(id))!;
  words[word] = to(words[word]!);
  await redis.hset(keys.hearts, id, words.join(' '));
}

/** So much time passes for one that is gone, without a look. */
export const passes = (id: string, ms: number) => change(id, LOOKED_AT, (before) => String(Number(before) - ms));

/** Ends a process, and looks until it is missed. */
export async function ends(process: Communicator): Promise<void> {
  await process.close();
  await until('it is missed', async () => (await look()).nextInMs !== undefined);
}

export const leaseOf = async ({ id }: Holding) => Number(await redis.zscore(keys.holders, id));
export const timeMs = async () => Number((await redis.time())[0]) * 1000 + 1000;
