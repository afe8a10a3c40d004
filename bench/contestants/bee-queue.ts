/** bee-queue as its README advises for throughput: no events, no jobs kept in memory, done jobs removed. */
import BeeQueue from 'bee-queue';
import { QUEUE, together, type Contestant, type Data } from './contestant.js';

const SETTINGS = { getEvents: false, sendEvents: false, storeJobs: false, removeOnSuccess: true };

export const beeQueue: Contestant = {
  name: 'bee-queue',
  settings:
    'saveAll; removeOnSuccess: true, getEvents, sendEvents, storeJobs: false; process(concurrency); rest default; of many queues each has a Queue',
  why: 'its README advises these for throughput',
  weight: 1,
  open(url) {
    const settings = { ...SETTINGS, redis: { url } };
    const open = (name: string) => new BeeQueue<Data>(name, { ...settings, isWorker: false });
    const consume = async (name: string, concurrency: number, handle: (data: Data) => unknown) => {
      const worker = await new BeeQueue<Data>(name, settings).ready();
      worker.process(concurrency, async (job) => handle(job.data));
      return { stop: () => worker.close(10_000) };
    };
    const queue = open(QUEUE);
    const others: BeeQueue<Data>[] = [];
    return {
      send: (data) => queue.createJob(data).save(),
      sendBulk: (batch) => queue.saveAll(batch.map((data) => queue.createJob(data))),
      waiting: async () => (await queue.checkHealth()).waiting,
      consume: (concurrency, handle) => consume(QUEUE, concurrency, handle),
      queues: {
        sender(name) {
          const other = open(name);
          others.push(other);
          return (data) => other.createJob(data).save();
        },
        consume: async (names, handle) => together(await Promise.all(names.map((name) => consume(name, 1, handle)))),
      },
      close: () => Promise.all([queue, ...others].map((one) => one.close())),
    };
  },
};
