/** beanstalkd: a queue of its own in memory, with a protocol of lines. */
import { BeanstalkdClient, type Reply } from './beanstalkd-client.js';
import { QUEUE, type Consumer, type Contestant, type Data } from './contestant.js';

/** Priority, delay, and the seconds that a job may be held. */
const PUT = 'put 0 0 60';

export const beanstalkd: Contestant = {
  name: 'beanstalkd',
  settings:
    'no binlog; a client of the bench, which writes commands together and awaits each answer; as many reserve-with-timeout 0 at once as the concurrency, with the deletes of those before; reserve where none waits',
  why: 'commands that are written together share a round trip, and the clients on npm cannot do that safely; without a binlog it writes nothing to disk, as this Redis',
  weight: 3,
  server: 'beanstalkd',
  async open(url) {
    const client = await BeanstalkdClient.connect(url);
    await client.expect('USING', `use ${QUEUE}`);
    const put = (data: Data) => {
      const body = JSON.stringify(data);
      return client.expect('INSERTED', `${PUT} ${Buffer.byteLength(body)}`, body);
    };
    return {
      send: put,
      sendBulk: (batch) => Promise.all(batch.map(put)),
      async waiting() {
        const { body } = await client.expect('OK', `stats-tube ${QUEUE}`);
        return Number(/^current-jobs-ready: (\d+)$/m.exec(body.toString())?.[1]);
      },
      consume: (concurrency, handle) => consume(url, [QUEUE], concurrency, handle),
      queues: {
        sender(tube) {
          const used = client.expect('USING', `use ${tube}`);
          return (data) => used.then(() => put(data));
        },
        consume: (tubes, handle) => consume(url, tubes, 1, handle),
      },
      close: () => Promise.resolve(client.close()),
    };
  },
};

async function consume(
  url: string,
  tubes: readonly string[],
  concurrency: number,
  handle: (data: Data) => unknown,
): Promise<Consumer> {
  const client = await BeanstalkdClient.connect(url);
  await Promise.all(tubes.map((tube) => client.expect('WATCHING', `watch ${tube}`)));
  const state = { isStopping: false, isBlocked: false };
  const run = async () => {
    let deletes: Promise<Reply>[] = [];
    while (!state.isStopping) {
      const asked = Array.from({ length: concurrency }, () => client.command('reserve-with-timeout 0'));
      let taken = (await Promise.all(asked)).filter(({ words }) => words[0] === 'RESERVED');
      await Promise.all(deletes); // they were written before
      if (taken.length === 0 && !state.isStopping) {
        state.isBlocked = true;
        taken = [await client.expect('RESERVED', 'reserve')];
        state.isBlocked = false;
      }
      await Promise.all(taken.map(({ body }) => handle(JSON.parse(body.toString()) as Data)));
      deletes = taken.map(({ words: [, id] }) => client.expect('DELETED', `delete ${id}`));
    }
    await Promise.all(deletes);
  };
  const ended = run().catch((error: unknown) => {
    if (!state.isStopping) throw error; // else it was closed while it waited
  });
  return {
    async stop() {
      state.isStopping = true;
      if (state.isBlocked) client.close();
      await ended;
      client.close();
    },
  };
}
