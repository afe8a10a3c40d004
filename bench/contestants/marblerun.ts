/** MarbleRun as anybody would use it: all defaults. Beside the handler form, its other forms. */
import { Marble, type MarbleOptions, type Worker } from 'marblerun';
import { QUEUE, type Consumer, type Contestant, type Data, type Session } from './contestant.js';

type Queues = Record<string, Data>;
/** Parts that a bulk is sent in: so batches alternate among what is taken together. */
const SLICES = 20;
type Consume = (marble: Marble<Queues>, concurrency: number, handle: (data: Data) => unknown) => Consumer;

const form = (name: string, settings: string, consume: Consume, options: MarbleOptions = {}): Contestant => ({
  name,
  settings,
  why: 'as a user writes it; all else is default',
  weight: 5,
  open: (url) => session(url, consume, options),
});

const handlers: Consume = (marble, concurrency, handle): Worker =>
  marble.work(QUEUE, async (data) => handle(data), { concurrency });

export const marblerun = form(
  'MarbleRun',
  'sendMany; work(queue, handler, { concurrency }), monitored; all else default',
  handlers,
);

const THREE = ['one', 'two', 'three'];

const routing = (name: string, settings: string, queues: readonly string[]): Contestant =>
  form(name, settings, (marble, concurrency, handle) =>
    marble.work(
      QUEUE,
      async (data, held) => {
        handle(data);
        for (const to of queues) held.send(to, data);
      },
      { concurrency },
    ),
  );

/** The same, and what is sent by the hundreds goes to batches, one after the other. */
const inBatches = (name: string, batches: number): Contestant =>
  sentInBatches(
    form(
      name,
      `as MarbleRun, and what is sent belongs to ${batches === 1 ? 'one batch' : `${batches} batches in turn`}`,
      handlers,
    ),
    batches,
  );

const sentInBatches = (contestant: Contestant, batches: number): Contestant => ({
  ...contestant,
  async open(url) {
    const marble = new Marble<Queues>({ redis: url });
    const opened = Promise.all(Array.from({ length: batches }, (_, i) => marble.batch(`bench-${i}`)));
    const plain = await contestant.open(url);
    let next = 0;
    return {
      ...plain,
      async sendBulk(items) {
        const all = await opened;
        const share = Math.ceil(items.length / SLICES);
        for (let i = 0; i < items.length; i += share)
          await all[next++ % batches]!.sendMany(QUEUE, items.slice(i, i + share));
      },
      close: () => Promise.all([marble.close(), plain.close()]),
    };
  },
});

export const marblerunForms: readonly Contestant[] = [
  inBatches('MarbleRun, in a batch', 1),
  inBatches('MarbleRun, in ten batches', 10),
  routing('MarbleRun, routing three', 'the handler sends three marbles, committed with its finish', THREE),
  routing('MarbleRun, routing three to one queue', 'the same, all three to one queue', ['one', 'one', 'one']),
  sentInBatches(routing('MarbleRun, in a batch, routing three', 'the same, and all belong to one batch', THREE), 1),
  form('MarbleRun, replicas: 1', 'as MarbleRun, with replicas: 1', handlers, { replicas: 1 }),
  form('MarbleRun, loop', 'wait and finish, one at a time', (marble, _, handle) => loop(marble, handle)),
  form('MarbleRun, busyPoll', 'as MarbleRun, with busyPoll: true', handlers, { busyPoll: true }),
  form(
    'MarbleRun, loop, busyPoll',
    'wait and finish, one at a time; busyPoll: true',
    (marble, _, handle) => loop(marble, handle),
    { busyPoll: true },
  ),
  form(
    'MarbleRun, loop, routing three',
    'wait, three sends and finish, one at a time; atomic: true',
    (marble, _, handle) => loop(marble, handle, THREE),
    { atomic: true },
  ),
  form(
    'MarbleRun, loop, unmonitored',
    'wait, one at a time; taken is gone',
    (marble, _, handle) => loop(marble, handle),
    { monitored: false },
  ),
];

function session(url: string, consume: Consume, options: MarbleOptions): Session {
  const marble = new Marble<Queues>({ redis: url, ...options });
  const idlers: Marble<Queues>[] = [];
  return {
    send: (data) => marble.send(QUEUE, data),
    sendBulk: (batch) => marble.sendMany(QUEUE, batch),
    stream: (items) => marble.sendMany(QUEUE, items),
    async waiting() {
      const { queues } = await marble.status();
      return queues.find(({ queue }) => queue === QUEUE)?.depth ?? 0;
    },
    consume: (concurrency, handle) => consume(marble, concurrency, handle),
    queues: {
      sender: (queue) => (data) => marble.send(queue, data),
      consume: (queues, handle) => marble.work([...queues], async (data) => handle(data)),
    },
    async idle(holders, heartbeat) {
      for (let i = 0; i < holders; i++) {
        const idler = new Marble<Queues>({ redis: url, heartbeat });
        await idler.check('idle'); // is a holder from now on
        idler.wait('idle').catch(() => undefined); // until it is closed
        idlers.push(idler);
      }
    },
    close: () => Promise.all([marble, ...idlers].map((one) => one.close())),
  };
}

function loop(marble: Marble<Queues>, handle: (data: Data) => unknown, outputs: readonly string[] = []): Consumer {
  let stopping = false;
  const run = async () => {
    while (!stopping) {
      const data = (await marble.wait(QUEUE)) as Data;
      handle(data);
      for (const to of outputs) await marble.send(to, data);
      if (marble.id !== undefined) await marble.finish();
    }
  };
  const ended = run().catch((error: unknown) => {
    if (!stopping) throw error; // else it was closed while it waited
  });
  return {
    async stop() {
      stopping = true;
      await marble.close();
      await ended;
    },
  };
}
