import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { RedisCluster, freshBus, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { Communicator, encodeEnvelope, type RedisForm } from 'marblerun/communicator';
import { basicStory } from './basic-story.js';

jest.setTimeout(300_000);

let cluster: RedisCluster;
let redis: RedisForm;

beforeAll(async () => {
  cluster = await RedisCluster.start(3);
  redis = { cluster: cluster.addresses };
});
afterAll(() => cluster.stop());

const slotOf = (run: string) => cluster.slotOf(keysOf(run).layout);

/** Finds a run for each node, whose slot is there. */
async function runsOnEachNode(): Promise<string[]> {
  const runs = new Map<number, string>();
  await until('a run on each node', async () => {
    const { run } = freshBus('');
    runs.set((await cluster.ownerOf(await slotOf(run))).port, run);
    return runs.size === cluster.nodes.length;
  });
  return [...runs.values()];
}

test('a run and the one above it, on whatever nodes their slots are', async () => {
  await basicStory(redis);
  await basicStory({ cluster: [cluster.addresses[2]!] }); // one node is enough: the client learns the others
});

test('many runs spread over the nodes, each on its own', async () => {
  const runs = [...(await runsOnEachNode()), ...Array.from({ length: 21 }, () => freshBus('').run)];
  const marbles = runs.map((run) => new Marble({ redis, run }));
  try {
    await Promise.all(
      marbles.map((marble, i) =>
        marble.sendMany(
          'q',
          Array.from({ length: 100 }, (_, n) => [i, n]),
        ),
      ),
    );
    const sizes = await Promise.all(cluster.nodes.map((node) => cluster.cli(node, 'DBSIZE')));
    for (const size of sizes) expect(Number(size)).toBeGreaterThan(0);
    const got = await Promise.all(
      marbles.map(async (marble) => {
        const found: unknown[] = [];
        const worker = marble.work('q', (data) => void found.push(data), { concurrency: 10 });
        await until('all are done', () => found.length >= 100);
        await worker.stop();
        return found;
      }),
    );
    for (const [i, found] of got.entries()) expect(found).toEqual(Array.from({ length: 100 }, (_, n) => [i, n]));
  } finally {
    await Promise.all(marbles.map((marble) => marble.close()));
  }
});

test('a slot that is migrated under load, there and back, loses and doubles nothing', async () => {
  const { run } = freshBus('');
  const slot = await slotOf(run);
  const home = await cluster.ownerOf(slot);
  const [away] = cluster.nodes.filter((node) => node !== home);
  const sender = new Marble({ redis, run });
  const workers = [1, 2].map(() => new Marble({ redis, run, leaseMs: 30_000 }));
  const sent: string[] = [];
  const done: unknown[] = [];
  const deliveries: number[] = [];
  const stop = new AbortController();
  try {
    const handler = async (n: unknown, marble: { attempt: number; send: (queue: string, data: unknown) => void }) => {
      deliveries.push(marble.attempt);
      if (typeof n === 'number') marble.send('second', `${n}`);
      else done.push(n);
      await Promise.resolve();
    };
    for (const marble of workers) marble.work(['second', 'first'], handler, { concurrency: 20 });
    const load = (async () => {
      for (let n = 0; !stop.signal.aborted; n++) {
        await sender.send('first', n);
        sent.push(`${n}`);
      }
    })();
    await until('work is under way', () => done.length > 200);
    for (const to of [away!, home]) {
      const before = done.length;
      expect(await cluster.migrate(slot, to)).toBeGreaterThan(3);
      expect(await cluster.ownerOf(slot)).toBe(to);
      await until('work goes on there', () => done.length > before + 500);
    }
    stop.abort();
    await load;
    await until('all that was sent is done', () => done.length >= sent.length);
    expect([...done].sort()).toEqual([...sent].sort());
    expect(new Set(deliveries)).toEqual(new Set([1]));
  } finally {
    stop.abort();
    await Promise.all([sender, ...workers].map((marble) => marble.close()));
  }
});

test('while a slot is on two nodes TRYAGAIN and then ASK are waited out and said so; MOVED is followed at once', async () => {
  const { run } = freshBus('');
  const slot = await slotOf(run);
  const home = await cluster.ownerOf(slot);
  const away = cluster.nodes.find((node) => node !== home)!;
  const [bus, follower] = [new Communicator({ redis, run }), new Communicator({ redis, run })];
  // The send goes to the front: it names keys of the run that do not exist, so every key that has gone makes it
  // TRYAGAIN.
  const output = (id: string) => {
    const envelope = encodeEnvelope({ id, attempt: 0, sentAt: 0, type: 'j' }, '1');
    return { kind: 'front', queue: 'q', envelope } as const;
  };
  try {
    await bus.push([output('before')]);
    await follower.connect();
    const states: string[] = [];
    let sent = false;
    let push: Promise<void> | undefined;
    const between = async () => {
      push ??= bus.push([output('meanwhile')]).finally(() => (sent = true));
      const left = (await cluster.cli(home, 'CLUSTER', 'GETKEYSINSLOT', String(slot), '100')).split('\n');
      const named = left.filter((key) => key !== '' && key !== keysOf(run).layout); // all others are keys of the send
      const state = named.length === 0 ? 'ASK' : 'TRYAGAIN';
      await until(`${state} is seen`, () => bus.state === state);
      states.push(state);
      expect(sent).toBe(false);
    };
    expect(await cluster.migrate(slot, away, { keysAtATime: 1, between })).toBeGreaterThan(2);
    await push;
    expect(new Set(states)).toEqual(new Set(['TRYAGAIN', 'ASK']));
    expect([bus.state, follower.state]).toEqual(['ready', 'ready']);
    await follower.push([output('after')]); // here it hears MOVED
    for (const one of [bus, follower]) expect(one.address).toBe(`127.0.0.1:${away.port}`);
    const ids = (await bus.dump('q')).map(({ id }) => id);
    expect(ids.sort()).toEqual(['after', 'before', 'meanwhile']);
  } finally {
    await Promise.all([bus.close(), follower.close()]);
  }
});

test('one that waits goes to the node that its slot has gone to, and its wait can still be broken off', async () => {
  const { run } = freshBus('');
  const slot = await slotOf(run);
  const home = await cluster.ownerOf(slot);
  const away = cluster.nodes.find((node) => node !== home)!;
  const bus = new Communicator({ redis, run });
  const marble = new Marble({ redis, run, leaseMs: 60_000, heartbeatMs: 20_000 }); // it blocks for 5 s at a time
  try {
    const waiting = marble.wait('q', { timeoutMs: 60_000 });
    await until('it waits', async () => (await bus.status.holders())[0]?.about['waiting'] === 'q');
    await cluster.migrate(slot, away);
    await marble.send('q', 'here');
    expect(await waiting).toBe('here');
    await marble.finish();
    const interrupted = new AbortController();
    const second = marble.wait('q', { signal: interrupted.signal });
    interrupted.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
  } finally {
    await marble.close();
    await bus.close();
  }
});

test('a node that is away is said so, the runs on the other nodes go on, and it heals', async () => {
  const runs = await runsOnEachNode();
  const marbles = runs.map((run) => new Marble({ redis, run, retryTimeoutMs: 2000 }));
  try {
    await Promise.all(marbles.map((marble) => marble.send('q', 'before')));
    const gone = await cluster.ownerOf(await slotOf(runs[0]!));
    await gone.kill();
    await expect(marbles[0]!.send('q', 'refused')).rejects.toThrow(/MR_REDIS_UNAVAILABLE/);
    for (const marble of marbles.slice(1)) expect(await marble.check('q')).toBe('before');
    await gone.restart();
    await until('the cluster is whole again', async () =>
      (await cluster.cli(gone, 'CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
    await until('sends go on', () => marbles[0]!.send('q', 'after'));
  } finally {
    await Promise.all(marbles.map((marble) => marble.close()));
  }
});
