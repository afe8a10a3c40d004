/** bunqueue: a server that runs in Bun and keeps its jobs in memory; its client of npm runs in Bun, too. */
import { find } from '../servers/programs.js';
import { QUEUE, type Contestant, type Data } from './contestant.js';

const BATCH = 500;

export const bunqueue: Contestant = {
  name: 'bunqueue',
  settings: `a server in memory, without its limit of requests in a minute, and clients in Bun; addBulk; removeOnComplete: true; Worker, concurrency as stated, batchSize: ${BATCH}; rest default`,
  why: 'memory is its default and its fastest store; its client runs in Bun only; larger batches cost it least, and locks nothing',
  weight: 0.5,
  mostRounds: 2,
  server: 'bunqueue',
  runtime: find('bun') ?? 'bun',
  async open(url) {
    const { Queue, Worker } = await import('bunqueue/client');
    const connection = { host: '127.0.0.1', port: Number(new URL(url).port) };
    const queue = new Queue<Data>(QUEUE, { connection, defaultJobOptions: { removeOnComplete: true } });
    return {
      send: (data) => queue.add('job', data),
      sendBulk: (batch) => queue.addBulk(batch.map((data) => ({ name: 'job', data }))),
      waiting: () => queue.getWaitingCount(),
      consume(concurrency, handle) {
        const options = { connection, concurrency, batchSize: BATCH, removeOnComplete: true };
        const worker = new Worker<Data>(QUEUE, async ({ data }: { data: Data }) => handle(data), options);
        return { stop: () => worker.close() };
      },
      close: () => Promise.resolve(queue.close()),
    };
  },
};
