/** BullMQ with its own bulk call; done jobs are removed, as its guide advises for throughput. */
import { Queue, Worker } from 'bullmq';
import { QUEUE, type Contestant, type Data } from './contestant.js';

export const bullmq: Contestant = {
  name: 'BullMQ',
  settings:
    'addBulk; removeOnComplete and removeOnFail: true; one Worker per process, concurrency as stated; rest default',
  weight: 1,
  open(url) {
    const connection = { url, maxRetriesPerRequest: null };
    const queue = new Queue<Data>(QUEUE, {
      connection,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    return {
      send: (data) => queue.add('job', data),
      sendBulk: (batch) => queue.addBulk(batch.map((data) => ({ name: 'job', data }))),
      async consume(concurrency, handle) {
        const worker = new Worker<Data>(QUEUE, async (job) => handle(job.data), { connection, concurrency });
        await worker.waitUntilReady();
        return { stop: () => worker.close() };
      },
      close: () => queue.close(),
    };
  },
};
