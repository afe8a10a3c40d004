/**
 * Every part of a client, connected to a Redis that a test brings into a state.
 */
import { expect } from '@jest/globals';
import { RedisServer, freePort } from '@marblerun/test-support';
import { holdersOf, type Holding } from '@marblerun/internal';
import { Communicator, encodeEnvelope, type Output, type Transit } from 'marblerun/communicator';
import { Redis } from 'ioredis';

/** The functions to call after each test, the last one first. */
let cleanUp: (() => unknown)[] = [];
export const afterwards = (step: () => unknown) => cleanUp.push(step);
export async function cleanedUp(): Promise<void> {
  const steps = cleanUp.reverse();
  cleanUp = [];
  for (const step of steps) await step();
}

export async function start(args: string[] = []): Promise<{ server: RedisServer; admin: Redis }> {
  const server = await RedisServer.start(args);
  const admin = new Redis(server.url, { maxRetriesPerRequest: null });
  admin.on('error', () => undefined); // its server is stopped and restarted
  afterwards(() => server.stop());
  afterwards(() => {
    server.signal('SIGCONT');
    admin.disconnect();
  });
  return { server, admin };
}

export function communicator(redis: string, run = 'main', more = {}): Communicator {
  const bus = new Communicator({ redis, run, replyTimeoutMs: 1000, ...more });
  afterwards(() => bus.disconnect());
  return bus;
}

export const output = (id: string, kind: Output['kind'] = 'back'): Output => ({
  ...{ kind, queue: 'q' },
  envelope: encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '1'),
});
export const limits = { marbles: 10, bytes: 1_000_000 };
const landing = { from: 'main', hopLimit: 5, onward: () => false };

/** Every part of a client, each connected to the Redis in question and with something to do. */
export interface Parts {
  readonly bus: Communicator;
  readonly holding: Holding;
  readonly work: () => Promise<Outcome>;
}
export type Outcome = Record<'send' | 'swap' | 'heartbeat' | 'monitor' | 'lift' | 'land', unknown>;

export async function allParts(redis: string): Promise<Parts> {
  const bus = communicator(redis);
  const far = communicator((await start()).server.url, 'far');
  await far.push([output('landed', 'up')]);
  await bus.push([output('first'), output('second'), output('lifted', 'up')]);
  const options = { leaseMs: 600_000, timeLimitMs: 0, maxAttempts: 5, description: {} };
  const holding = holdersOf(bus).holding(holdersOf(bus).waitingConnection(1000), options);
  await holding.enter();
  const taken = await holding.swap({ sources: ['q'], want: 1 });
  if (taken.forgotten) throw new Error('the holder is not known');
  const source = bus.laneSource('up');
  const target = bus.laneTarget();
  const transit = (await far.laneSource('to-here').lift(['q'], limits))!;
  const finish = [{ held: taken.taken[0]!, outputs: [] }];
  const work = async (): Promise<Outcome> => {
    const calls = [
      bus.push([output('sent')]),
      holding.swap({ finish, sources: ['q'], want: 1 }),
      holdersOf(bus).beat([{ id: holding.id, leaseMs: 600_000 }], ''),
      bus.recovery.sweep(5),
      source.lift(['q'], limits),
      target.land(transit, landing),
    ];
    const [send, swap, heartbeat, monitor, lift, land] = (await Promise.allSettled(calls)).map((result) =>
      result.status === 'rejected' ? (result.reason as { code: string }).code : result.value,
    );
    return { send, swap, heartbeat, monitor, lift, land };
  };
  return { bus, holding, work };
}

/** Checks that everything was done, each thing once. */
export async function expectDone({ bus }: Parts, outcome: Outcome): Promise<void> {
  expect(outcome).toMatchObject({
    swap: { forgotten: false, taken: [{ envelope: { id: 'second' } }], refused: new Set() },
    heartbeat: [],
    monitor: { returned: 0, dead: 0, silent: 0 },
    land: { landing: expect.stringMatching(/^(landed|duplicate)$/) },
  });
  expect((outcome.lift as Transit).entries.map(({ envelope }) => envelope.toString())).toEqual(['lifted 0 0 j\n1']);
  expect((await bus.dump('q')).map(({ id }) => id).sort()).toEqual(['landed', 'sent']);
  const [q] = await bus.show();
  expect(q).toMatchObject({ held: 1, counts: { sent: 4, taken: 2, finished: 1 } });
}

/** Makes a server the replica of an address where nothing listens. */
export const becomeReplica = async (_server: RedisServer, admin: Redis) =>
  admin.replicaof('127.0.0.1', await freePort());
