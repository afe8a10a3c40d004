/**
 * Set-up for the tests of this folder: each test gets a run of its own, a Communicator and a connection on it, and a
 * view of its keys. After the test everything that was opened is closed.
 */
import { afterEach, beforeEach } from '@jest/globals';
import { freshBus, type Bus } from '@marblerun/test-support';
import { Redis, type Command } from 'ioredis';
import { Communicator } from './communicator.js';
import { encodeEnvelope } from './data/envelope.js';
import type { Header } from './data/header.js';
import type { Held, HoldingOptions, SwapRequest } from './hold/held.js';
import type { Holding } from './hold/holding.js';
import { Connection } from './redis/connection.js';
import { keysOf, type RunKeys } from './redis/keys.js';
import { ScriptCommand } from './redis/script-command.js';
import type { Output } from './send/outputs.js';

/** Where the run of this test is. */
export let place: Bus;
export let bus: Communicator;
/** A connection as the parts of a Communicator have it. */
export let connection: Connection;
export let redis: Redis;
export let keys: RunKeys;
let open: { close(): unknown }[];

beforeEach(() => {
  place = freshBus();
  keys = keysOf(place.run);
  bus = new Communicator(place);
  connection = Connection.own(place);
  redis = new Redis(place.redis, { lazyConnect: true });
  open = [bus, connection];
});
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  redis.disconnect();
});

/** Closes it after the test. */
export function closing<T extends { close(): unknown }>(one: T): T {
  open.push(one);
  return one;
}

export function envelope(id: string, header: Partial<Header> = {}, data = '1'): string {
  return String(encodeEnvelope({ id, attempt: 0, sentAt: Date.now(), type: 'j', ...header }, data));
}

export function output(id: string, queue = 'q', more: Partial<Output> = {}): Output {
  return {
    kind: 'back',
    queue,
    envelope: envelope(id, more.member === undefined ? {} : { member: more.member }),
    ...more,
  };
}

/** A marble whose data lie beside the list. */
export function largeOutput(
  name: string,
  more: Partial<Output> = {},
  data: string | Buffer = `data of ${name}`,
): Output {
  const large = { name, bytes: Buffer.byteLength(data), data };
  const { member } = more;
  return output(name, 'q', {
    ...{ envelope: envelope(name, { type: 'b', large, ...(member !== undefined && { member }) }, ''), large },
    ...more,
  });
}

export const send = (queue: string, ...ids: string[]) => bus.push(ids.map((id) => output(id, queue)));

/** Lists the ids of what waits in a queue, the next one first. */
export const waiting = async (queue = 'q') => (await bus.dump(queue, 0, 10_000)).map(({ id }) => id);

export const countsOf = async (queue = 'q') => (await bus.show()).find((one) => one.queue === queue)?.counts;

/** The number of the last command of each sender. */
export async function sentNumbers(): Promise<number[]> {
  const senders = await redis.keys(keys.sender('*'));
  return (await Promise.all(senders.map((key) => redis.get(key)))).map(Number);
}

/** Enters a holder. */
export async function holder(options: Partial<HoldingOptions> = {}, on = bus, waitsOn = on): Promise<Holding> {
  const all = { leaseMs: 60_000, timeLimitMs: 0, maxAttempts: 3, description: {}, ...options };
  const holding = on.holders.holding(waitsOn.holders.waitingConnection(5000), all);
  await holding.enter();
  return holding;
}

/** Swaps, where the holder has to be known. */
export async function swap(
  holding: Holding,
  request: SwapRequest,
): Promise<{ taken: Held[]; refused: ReadonlySet<string> }> {
  const result = await holding.swap(request);
  if (result.forgotten) throw new Error('the holder was forgotten');
  return result;
}

export const take = async (holding: Holding, want: number, queue = 'q') =>
  (await swap(holding, { sources: [queue], want })).taken;

/** Returns the same client, which notes each script that it is asked for, and its arguments. */
export function noting(to: Redis, note: (script: string, args: readonly unknown[]) => void): Redis {
  return new Proxy(to, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'sendCommand') return value;
      return (command: Command) => {
        if (command instanceof ScriptCommand) note(command.script.name, command.call.args);
        return target.sendCommand(command);
      };
    },
  });
}
