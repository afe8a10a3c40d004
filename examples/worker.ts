/**
 * A worker for production: it runs in a container, SIGTERM stops it, and any number may run at once.
 *
 *     docker compose up --build         (or: node examples/dist/worker.js)
 *
 * It takes `tasks` such as { "n": 12, "takesMs": 500 } and sends what it made of each to `results`. Numbers over
 * WORKER_LARGEST are elevated: a worker of the upper run does them. What may go wrong: it is killed in a task. Then the
 * task comes back and another worker does it. The result is sent with the finish, in one step, so there is one result
 * for each task.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The signal to stop. It is listened to before all else is loaded: as process 1 of a container, a process loses a
 * signal that nobody listens to.
 */
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const { Marble } = await import('marblerun');
const { beginPulse } = await import('./worker-pulse.js');

interface Queues {
  tasks: { n: number; takesMs?: number };
  results: { n: number; square: number; worker: string; attempt: number };
}

const largest = Number(process.env['WORKER_LARGEST'] || Infinity);
const concurrency = Number(process.env['WORKER_CONCURRENCY'] || 4);
const drainMs = Number(process.env['WORKER_DRAIN_MS'] || 8000);
const timeLimitMs = Number(process.env['WORKER_TIME_LIMIT_MS'] || 0);
const pulseFile = process.env['WORKER_PULSE_FILE'];
/**
 * The client may close for the time of a drain and a little more, so that a stop fits the grace period of its
 * container, even with Redis away.
 */
const marble = new Marble<Queues>({ closeTimeoutMs: drainMs + 3000 });

const worker = marble.work(
  'tasks',
  async ({ n, takesMs = 0 }, task) => {
    if (n > largest) {
      task.elevate('tasks', { n, takesMs });
      console.log(`task ${n}: too large for this run, elevated`);
      return;
    }
    console.log(`task ${n}: attempt ${task.attempt}`);
    await sleep(takesMs, undefined, { signal: task.signal });
    task.send('results', { n, square: n * n, worker: hostname(), attempt: task.attempt });
  },
  { concurrency, drainMs, timeLimitMs },
);
if (pulseFile) beginPulse(pulseFile, () => worker.holder);
console.log('waiting for tasks');

function end(): void {
  console.log('stopping: finishes or gives back what it holds');
  void marble.close().then(() => console.log('stopped'));
}
if (stop.signal.aborted) end();
else stop.signal.addEventListener('abort', end);
