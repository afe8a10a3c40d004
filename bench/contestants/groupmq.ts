/** groupmq works on one job of a group at a time: a thousand groups, so that concurrency is never held back. */
import { Queue, Worker } from 'groupmq';
import { Redis } from 'ioredis';
import { QUEUE, type Contestant, type Data } from './contestant.js';

const GROUPS = 1000;

export const groupmq: Contestant = {
  name: 'groupmq',
  settings: `${GROUPS} groups; it has no bulk call: 1,000 add calls at once; keepCompleted: 0 (its default); rest default`,
  why: 'it works on one job of a group at a time: with so many groups that never holds it back',
  weight: 0.5,
  mostRounds: 2,
  open(url) {
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    const queue = new Queue<Data>({ redis, namespace: QUEUE });
    const add = (data: Data) => queue.add({ groupId: `g${data.n % GROUPS}`, data });
    return {
      send: add,
      sendBulk: (batch) => Promise.all(batch.map(add)),
      waiting: () => queue.getWaitingCount(),
      consume(concurrency, handle) {
        const worker = new Worker<Data>({ queue, concurrency, handler: async (job) => handle(job.data) });
        void worker.run();
        return { stop: () => worker.close(10_000) };
      },
      async close() {
        await queue.close();
        redis.disconnect();
      },
    };
  },
};
