/** BullMQ with its own bulk call; done jobs are removed, as its guide advises for throughput. */
import { Job, Queue, Worker } from 'bullmq';
import { QUEUE, together, type Consumer, type Contestant, type Data, type Session } from './contestant.js';

const REMOVES = 'removeOnComplete and removeOnFail: true';
/** Whoever fetches jobs by hand names itself. */
const TOKEN = 'bench';

type Connection = { url: string; maxRetriesPerRequest: null };
type Consume = (connection: Connection, concurrency: number, handle: (data: Data) => unknown) => Promise<Consumer>;

export const bullmq: Contestant = {
  name: 'BullMQ',
  settings: `addBulk; ${REMOVES}; one Worker per process, concurrency as stated; of many queues each has a Worker; rest default`,
  why: 'its guide advises the removal for throughput; a worker waits on one queue',
  weight: 1,
  open: (url) => session(url, handlers),
};

/** The guide's "manually fetching jobs": each completion brings the next job along. */
export const bullmqLoop: Contestant = {
  name: 'BullMQ, loop',
  settings: `getNextJob, then moveToCompleted with fetchNext, one at a time; ${REMOVES}; no timer that extends locks`,
  why: 'the form of its guide for fetching by hand: each completion brings the next job along',
  weight: 1,
  open: (url) => session(url, loop),
};

function session(url: string, consume: Consume): Session {
  const connection: Connection = { url, maxRetriesPerRequest: null };
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
  const open = (name: string) => new Queue<Data>(name, { connection, defaultJobOptions });
  const queue = open(QUEUE);
  const others: Queue<Data>[] = [];
  return {
    send: (data) => queue.add('job', data),
    sendBulk: (batch) => queue.addBulk(batch.map((data) => ({ name: 'job', data }))),
    waiting: () => queue.getWaitingCount(),
    consume: (concurrency, handle) => consume(connection, concurrency, handle),
    queues: {
      sender(name) {
        const other = open(name);
        others.push(other);
        return (data) => other.add('job', data);
      },
      consume: async (names, handle) =>
        together(await Promise.all(names.map((name) => worker(name, connection, 1, handle)))),
    },
    close: () => Promise.all([queue, ...others].map((one) => one.close())),
  };
}

const handlers: Consume = (...args) => worker(QUEUE, ...args);

async function worker(name: string, ...[connection, concurrency, handle]: Parameters<Consume>): Promise<Consumer> {
  const started = new Worker<Data>(name, async (job) => handle(job.data), { connection, concurrency });
  await started.waitUntilReady();
  return { stop: () => started.close() };
}

async function loop(...[connection, , handle]: Parameters<Consume>): Promise<Consumer> {
  const worker = new Worker<Data>(QUEUE, null, { connection });
  await worker.waitUntilReady();
  let stopping = false;
  const run = async () => {
    for (let job: Job<Data> | undefined; !stopping;) {
      job ??= (await worker.getNextJob(TOKEN)) as Job<Data> | undefined;
      if (!job) continue;
      handle(job.data);
      const [next, id] = ((await job.moveToCompleted(undefined, TOKEN, true)) ?? []) as [never?, string?];
      job = next && id ? Job.fromJSON(worker, next, id) : undefined;
    }
  };
  const ended = run().catch((error: unknown) => {
    if (!stopping) throw error; // else it was closed while it waited
  });
  return {
    async stop() {
      stopping = true;
      await worker.close(true); // or it would wait for as long as the worker waits for a job
      await ended;
    },
  };
}
