/**
 * Sends that wait for the replica, on a Cluster: an acknowledged marble is there after a master is killed.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { RedisCluster, freshBus, until } from '@marblerun/test-support';
import { Marble, isMarbleRunError } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import type { RedisForm } from 'marblerun/communicator';

jest.setTimeout(300_000);
const PATIENT = { deadlineMs: 60_000 };

let cluster: RedisCluster;
let redis: RedisForm;
beforeAll(async () => {
  cluster = await RedisCluster.start(3, ['--appendonly', 'yes', '--cluster-node-timeout', '2000'], 1);
  redis = { cluster: cluster.addresses };
});
afterAll(() => cluster.stop());

test('acknowledged sends survive the kill -9 of their master; its replica takes over, and clients go on there', async () => {
  const { run } = freshBus('');
  const slot = await cluster.slotOf(keysOf(run).layout);
  const [sender, worker] = [1, 2].map(
    () => new Marble<{ q: number }>({ redis, run, replicas: 1, replicasTimeoutMs: 300 }),
  );
  const acknowledged: number[] = [];
  const unsure: number[] = [];
  let stopping = false;
  const send = async () => {
    for (let n = 0; !stopping; n++) {
      const outcome = await sender!.send('q', n).then(
        () => acknowledged,
        (error: unknown) => {
          if (!isMarbleRunError(error, 'MR_TOO_FEW_REPLICAS')) throw error;
          return unsure;
        },
      );
      outcome.push(n);
    }
  };
  const sending = send();
  const more = (list: number[], count: number) => {
    const enough = list.length + count;
    return until(`${count} more`, () => list.length >= enough, PATIENT);
  };
  await more(acknowledged, 50);

  const master = await cluster.ownerOf(slot);
  await master.kill();
  await more(unsure, 1); // the new master is alone, and the error says so
  const successor = await until('all know who has the slot now', async () => {
    const owner = await cluster.ownerOf(slot);
    return owner !== master && owner;
  });
  await master.restart();
  await until('it follows its successor', () => cluster.follows(successor, 1), PATIENT);
  await more(acknowledged, 50);
  expect(await cluster.ownerOf(slot)).toBe(successor);
  stopping = true;
  await sending;

  const found: number[] = [];
  for (let n = await worker!.check('q'); n !== undefined; n = await worker!.check('q')) {
    found.push(n);
    await worker!.finish();
  }
  const there = new Set(found);
  expect(acknowledged.filter((n) => !there.has(n))).toEqual([]);
  expect(found).toEqual([...there].sort((a, b) => a - b)); // each is there once, in order
  expect(found.length).toBeLessThanOrEqual(acknowledged.length + unsure.length);
  await Promise.all([sender!.close(), worker!.close()]);
});
