/** NATS JetStream: a stream in memory that forgets what is acknowledged, and one durable consumer. */
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { QUEUE, type Consumer, type Contestant, type Data } from './contestant.js';

const DURABLE = 'workers';
/** Messages that the client asks for ahead, and their bytes: the server drops a client that has 64 MiB to read yet. */
const AHEAD = 500;
const AHEAD_BYTES = 16_777_216;
/** How long an answer may take: 500 MB that are published at once take a slow machine longer than the usual 5 s. */
const ANSWER_MS = 120_000;

/** Each way to take messages: many ahead by `consume`, or one after the other by `next`. */
const form = (name: string, settings: string, why: string, isLoop: boolean): Contestant => ({
  name,
  settings: `storage: memory, retention: workqueue; publish, each acknowledged (1,000 at once for many); ${settings}`,
  why,
  weight: 2,
  server: 'NATS',
  async open(url) {
    const { connect } = await import('@nats-io/transport-node');
    const { AckPolicy, RetentionPolicy, StorageType, jetstream, jetstreamManager } = await import('@nats-io/jetstream');
    const nats = await connect({ servers: url.replace('tcp:', 'nats:') });
    const [manager, stream] = [await jetstreamManager(nats), jetstream(nats)];
    await manager.streams.add({
      ...{ name: QUEUE, subjects: [QUEUE], storage: StorageType.Memory, retention: RetentionPolicy.Workqueue },
    });
    await manager.consumers.add(QUEUE, { durable_name: DURABLE, ack_policy: AckPolicy.Explicit });
    const publish = (data: Data) => stream.publish(QUEUE, JSON.stringify(data), { timeout: ANSWER_MS });
    return {
      send: publish,
      sendBulk: (batch) => Promise.all(batch.map(publish)),
      waiting: async () => (await manager.streams.info(QUEUE)).state.messages,
      async consume(_, handle) {
        const consumer = await stream.consumers.get(QUEUE, DURABLE);
        const work = async (message: JsMsg) => {
          await handle(message.json<Data>());
          message.ack();
        };
        if (isLoop) return loop(async () => (await consumer.next({ expires: 5000 })) ?? undefined, work);
        const { messages, bytes } = (await manager.streams.info(QUEUE)).state;
        const fitting = Math.floor((AHEAD_BYTES * messages) / Math.max(1, bytes));
        const options = { max_messages: messages === 0 ? AHEAD : Math.min(AHEAD, fitting) };
        return ahead(await consumer.consume({ ...options, callback: (message) => void work(message) }));
      },
      close: () => nats.drain(), // acknowledgements are under way
    };
  },
});

export const nats = form(
  'NATS JetStream',
  `consume with a callback, max_messages: ${AHEAD}, of large data 16 MiB, ack() without an answer; concurrency is not bounded`,
  'a stream in memory writes nothing to disk, as this Redis; as much is asked for ahead as MarbleRun takes; a server of this version publishes one by one',
  false,
);

export const natsLoop = form(
  'NATS JetStream, loop',
  'next, then ack() without an answer, one at a time',
  'nothing is asked for ahead',
  true,
);

const ahead = (messages: ConsumerMessages): Consumer => ({ stop: () => messages.close() });

function loop(next: () => Promise<JsMsg | undefined>, work: (message: JsMsg) => Promise<void>): Consumer {
  let stopping = false;
  const run = async () => {
    while (!stopping) {
      const message = await next();
      if (message) await work(message);
    }
  };
  void run();
  return { stop: () => Promise.resolve((stopping = true)) };
}
