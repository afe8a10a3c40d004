/** Graphile Worker on PostgreSQL. */
import { QUEUE, type Contestant, type Data } from './contestant.js';
import { POSTGRES_SETTINGS } from '../servers/postgres.js';

const POOL = 10;

interface Batching {
  readonly localQueue?: { readonly size: number };
  readonly completeJobBatchDelay?: number;
  readonly failJobBatchDelay?: number;
}

/** Its page on performance advises this: jobs are fetched and completed in batches. */
const BATCHES: Batching = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };

interface Form {
  readonly name: string;
  readonly weight: number;
  readonly settings: string;
  readonly why: string;
  readonly batching: Batching;
}

const form = ({ settings, batching, ...rest }: Form): Contestant => ({
  ...rest,
  mostRounds: 3,
  settings: `PostgreSQL with ${POSTGRES_SETTINGS.join(', ')}; addJobs; ${settings}; a pool of ${POOL} connections, or of the concurrency + 2`,
  server: 'PostgreSQL',
  async open(url) {
    const { Logger, makeWorkerUtils, run } = await import('graphile-worker');
    const logger = new Logger(() => () => undefined);
    const utils = await makeWorkerUtils({ connectionString: url, maxPoolSize: POOL, logger });
    await utils.migrate();
    return {
      send: (data) => utils.addJob(QUEUE, data),
      sendBulk: (batch) => utils.addJobs(batch.map((payload) => ({ identifier: QUEUE, payload }))),
      waiting: () =>
        utils.withPgClient(async (client) => {
          const { rows } = await client.query<{ n: string }>('SELECT count(*) AS n FROM graphile_worker.jobs');
          return Number(rows[0]!.n);
        }),
      async consume(concurrency, handle) {
        const maxPoolSize = Math.max(POOL, concurrency + 2);
        const worker = { connectionString: url, concurrentJobs: concurrency, maxPoolSize, logger, ...batching };
        const task = async (payload: unknown) => void (await handle(payload as Data));
        return run({ taskList: { [QUEUE]: task }, preset: { worker }, noHandleSignals: true, crontab: '' });
      },
      close: async () => utils.release(),
    };
  },
});

export const graphileWorker = form({
  name: 'graphile-worker',
  weight: 0.25,
  settings: 'concurrentJobs as stated, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0',
  why: 'its page on performance advises batches; nothing waits for the disk, as in this Redis',
  batching: BATCHES,
});

export const graphileWorkerLoop = form({
  name: 'graphile-worker, loop',
  weight: 0.1,
  settings: 'concurrentJobs: 1, nothing fetched ahead',
  why: 'one at a time',
  batching: {},
});
