/**
 * A worker that does not survive a marble whose data is "poison":
 * `fragile <redis> <run> <sync | async> <concurrency> <workers> <queue,queue,...>`. The queues are shared out among its
 * workers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Marble } from 'marblerun';

const [redis = '', run = '', form = '', concurrency = '', workers = '', queues = ''] = process.argv.slice(2);
const marble = new Marble<Record<string, string>>({ redis, run, leaseMs: 60_000, heartbeat: 'loop' });
const die = () => process.kill(process.pid, 'SIGKILL');

const handlers = {
  sync: (data: string) => {
    if (data === 'poison') die();
  },
  async: async (data: string) => {
    await sleep(Math.random() * 4);
    if (data === 'poison') die();
  },
};
const names = queues.split(',');
for (let i = 0; i < Number(workers); i++) {
  const some = names.filter((_, n) => n % Number(workers) === i);
  marble.work(some, handlers[form as keyof typeof handlers], { concurrency: Number(concurrency) });
}
