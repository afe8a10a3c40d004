/** bee-queue as its README advises for throughput: no events, no jobs kept in memory, done jobs removed. */
import BeeQueue from 'bee-queue';
import { QUEUE, type Contestant, type Data } from './contestant.js';

export const beeQueue: Contestant = {
  name: 'bee-queue',
  settings:
    'saveAll; removeOnSuccess: true, getEvents, sendEvents, storeJobs: false; process(concurrency); rest default',
  weight: 1,
  open(url) {
    const settings = { redis: { url }, getEvents: false, sendEvents: false, storeJobs: false, removeOnSuccess: true };
    const queue = new BeeQueue<Data>(QUEUE, { ...settings, isWorker: false });
    return {
      send: (data) => queue.createJob(data).save(),
      sendBulk: (batch) => queue.saveAll(batch.map((data) => queue.createJob(data))),
      async consume(concurrency, handle) {
        const worker = await new BeeQueue<Data>(QUEUE, settings).ready();
        worker.process(concurrency, async (job) => handle(job.data));
        return { stop: () => worker.close(10_000) };
      },
      close: () => queue.close(),
    };
  },
};
