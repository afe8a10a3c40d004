/**
 * Missing members of a batch are noticed; members that are anywhere in the run do not count as missing.
 */
import { afterAll, expect, test } from '@jest/globals';
import { createLogger } from '@marblerun/service';
import { freshBus, redisCli, type Bus } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { Communicator, encodeEnvelope, newId, type BatchAbout, type Output } from 'marblerun/communicator';
import { BatchWatch } from './batch-watch.js';

const endings: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(endings.map((end) => end())));

function place(bus: Bus = freshBus()) {
  const communicator = new Communicator(bus);
  const marble = new Marble(bus);
  const watch = new BatchWatch(bus.run, communicator, createLogger('monitor', 'silent'));
  endings.push(() => Promise.all([communicator.close(), marble.close()]));
  const redis = (...command: string[]) => redisCli(['-u', bus.redis], ...command);
  const open = async (name: string, parent?: string, elevated: BatchAbout['elevated'] = 'wait') =>
    (
      await communicator.batches.open({
        about: { name, onDead: 'wait', keepMs: 1000, elevated },
        parent,
        then: undefined,
      })
    ).id;
  const send = (member: string, queue: string, n: number, kind: Output['kind'] = 'back') =>
    communicator.push(
      Array.from({ length: n }, (): Output => {
        const header = { id: newId(), attempt: 0, sentAt: Date.now(), type: 'j', member } as const;
        return {
          kind,
          queue,
          envelope: encodeEnvelope(header, '1'),
          member,
          ...(kind === 'later' && { delayMs: 600_000 }),
        };
      }),
    );
  /** Returns how many members are missing after each of a number of looks. */
  const found = async (looks: number) => {
    const missing: (number | undefined)[] = [];
    while (missing.length < looks) {
      await watch.audit();
      missing.push(watch.missing);
    }
    return missing;
  };
  return { keys: keysOf(bus.run), communicator, marble, redis, open, send, found };
}

test('what waits, is held, delayed or in an outbox is there, and a batch in a batch is no marble', async () => {
  const { marble, open, send, found, communicator } = place();
  const id = await open('whole');
  await open('within', id);
  await send(id, 'a', 1070); // more than fits into one step
  await send(id, 'a', 3, 'later');
  await send(id, 'a', 2, 'up');
  await marble.wait('a');
  expect((await communicator.batches.states([id]))[0]).toMatchObject({ left: 1076 });
  expect(await found(4)).toEqual([0, 0, 0, 0]);
  await marble.finish();
});

test('what was deleted is missing at the second search, and not any more when a person has settled it', async () => {
  const { keys, communicator, redis, open, send, found } = place();
  const [id, other] = [await open('robbed'), await open('other')];
  await send(id, 'a', 5);
  await send(id, 'b', 2);
  await send(other, 'b', 1);
  await communicator.batches.seal(id);
  expect(await found(2)).toEqual([0, 0]);
  await redis('DEL', keys.queue('a'));
  expect(await found(3)).toEqual([0, 5, 5]);
  await redis('HINCRBY', keys.batches, `${id} gone`, '5');
  await redis('HINCRBY', keys.batches, `${id} left`, '-5');
  expect(await found(3)).toEqual([0, 0, 0]);
  expect((await communicator.batches.states([id]))[0]).toMatchObject({
    left: 2,
    gone: 5,
    finished: 0,
    doneAt: undefined,
  });
});

test('a batch that moves is not said to miss anything', async () => {
  const { keys, redis, open, send, found } = place();
  const id = await open('moving');
  await send(id, 'a', 5);
  await redis('DEL', keys.queue('a'));
  expect(await found(2)).toEqual([0, 0]); // these two looks make one search
  await send(id, 'b', 1);
  expect(await found(2)).toEqual([0, 0]);
  expect(await found(1)).toEqual([5]);
});

test('members that may be in a higher run are not missing, where their batch waits for them', async () => {
  const { keys, redis, open, send, found } = place();
  const [waits, goesOn] = [await open('waits'), await open('goes-on', undefined, 'done')];
  await send(waits, 'a', 2);
  await send(goesOn, 'a', 3);
  await redis('HINCRBY', keys.counts, 'a lifted', '1');
  await redis('DEL', keys.queue('a'));
  expect(await found(3)).toEqual([0, 0, 3]);
});
