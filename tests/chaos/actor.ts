/**
 * A process of the suite: `actor <role> <run> <redis> <history file>`. Does its role until it is killed.
 *
 * SIGTERM: stops in order. SIGUSR2: blocks the event loop for longer than a lease. What it sends,
 * gets and finishes is written to its history before and after; an error that should not end a
 * worker is written as trouble.
 */
import { Marble, isMarbleRunError, type HeldMarble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { Batcher } from './batches/batcher.js';
import { undertake } from './batches/undertaker.js';
import { endedBy, trouble } from './ending.js';
import { Historian, type MarbleName } from './history.js';
import { BLOCK_MS, ELEVATED, LARGE_BYTES, LEASE_MS, PLAN, RUNS, SENDERS, type Bus, type Work } from './plan.js';

const [role = '', run = '', redis = '', file = ''] = process.argv.slice(2);
const history = new Historian(file);
const options = {
  redis,
  run,
  leaseMs: LEASE_MS,
  blockMs: BLOCK_MS,
  maxAttempts: 1000,
  retryBaseMs: 50,
  retryMaxMs: 500,
  largeBytes: LARGE_BYTES,
};
/** Less than a blocked event loop or a stalled connection takes: then marbles of a living holder are taken back. */
const TIME_LIMIT_MS = 400;
let stopping = false;

/** Now and then so many are sent to the queue that is in order, without waiting for an answer in between. */
const BURST = { every: 100, marbles: 500 } as const;
/** In every other burst so many have data that are so large that they are set ahead (`data-ahead.ts`). */
const HEAVY = { marbles: 40, filler: 'x'.repeat(40_000) } as const;
/** A part of their ids. It makes them so long that several commands are under way (`sender.ts`). */
const LONG = '.'.repeat(100);

async function burst(bus: Bus, first: number, isHeavy: boolean): Promise<void> {
  const { marbles } = isHeavy ? HEAVY : BURST;
  const keys = Array.from({ length: marbles }, (_, i) => String(first + i));
  const workOf = (key: string): Work => (isHeavy ? { key, filler: HEAVY.filler } : { key });
  await Promise.all(
    keys.map((key) => send(RUNS.lower, 'order', key + LONG, () => bus.send('order', workOf(key), { id: key + LONG }))),
  );
}

/** Sends without a pause that lasts: in order, and each with a name that this process chose. */
async function produce(bus: Bus): Promise<void> {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60));
  const first = Date.now() * 1000;
  for (let n = first, turn = 1; !stopping; n++, turn++) {
    if (turn % BURST.every === 0) {
      await burst(bus, n, (turn / BURST.every) % 2 === 1);
      n += BURST.marbles;
    }
    const key = String(n);
    await send(RUNS.lower, 'order', key, () => bus.send('order', { key }, { id: key }));
    const some = ['jobs', 'pipe1', 'climb'].map((q) =>
      send(RUNS.lower, q, `${q}.${key}`, () => bus.send(q, workOf(`${q}.${key}`, n), sendOptions(`${q}.${key}`, n))),
    );
    const key2 = `top.${key}`;
    await Promise.all([...some, send(RUNS.upper, 'top', key2, () => bus.elevate('top', { key: key2 }, { id: key2 }))]);
    await pause();
  }
}

const isPoison = (key: string, n: number) => key.startsWith('pipe1') && n % 41 === 0;

function workOf(key: string, n: number): Work {
  return isPoison(key, n) ? { key, poison: true } : { key };
}

function sendOptions(id: string, n: number): { id: string; delayMs?: number; maxAttempts?: number } {
  return { id, ...(n % 7 === 0 && { delayMs: 300 }), ...(isPoison(id, n) && { maxAttempts: 3 }) };
}

async function send(run: string, q: string, id: string, work: () => Promise<string>): Promise<void> {
  history.write({ e: 'send', run, q, id });
  try {
    await work();
    history.write({ e: 'sent', run, q, id });
  } catch (error) {
    if (!isMarbleRunError(error, 'MR_REDIS_FULL')) throw error;
    history.write({ e: 'unsent', run, q, id });
  }
}

/** Written before the work. */
function got(marble: MarbleName, { key, by, batch, of }: Work, attempt: number): void {
  const about = { ...(by && { by }), ...(batch !== undefined && { batch }), ...(of !== undefined && { of }) };
  history.write({ e: 'got', ...marble, key, attempt, ...about });
}

/** The loop form. `outputs`: it routes too, atomically. */
async function loop(bus: Bus, queues: string[], outputs: boolean): Promise<void> {
  while (!stopping) {
    const work = await bus.wait(queues);
    const { key } = work;
    const marble = { run, q: bus.queue!, id: bus.id! };
    const attempt = bus.attempt!;
    got(marble, work, attempt);
    if (outputs)
      for (const { q, end } of PLAN.outputs[marble.q] ?? [])
        await bus.send(q, { key: key + end, by: { key, attempt } });
    await finish(bus, marble, attempt, work.poison ? 1 : (FAILURES[marble.q] ?? 0.02));
  }
}

/** Shares that fail on purpose, where they are others than elsewhere: of these some are to die. */
const FAILURES: Readonly<Record<string, number>> = { frail: 0.25 };

/** Now and then it fails, or forgets to finish, on purpose. */
async function finish(bus: Bus, marble: MarbleName, attempt: number, failures: number): Promise<void> {
  const chance = Math.random();
  if (chance < 0.02) return;
  try {
    if (chance < 0.02 + failures) await bus.fail(new Error('on purpose'));
    else {
      await bus.finish();
      history.write({ e: 'finished', ...marble, attempt });
    }
  } catch (error) {
    if (!isMarbleRunError(error, 'MR_LEASE_LOST')) throw error;
    history.write({ e: 'refused', ...marble, attempt });
  }
}

/** The handler form: all queues of the pipeline, and those of members of batches; 50 at a time for each worker. */
async function pipeline(bus: Bus): Promise<void> {
  const handler = async (work: Work, marble: HeldMarble<Record<string, Work>>) => {
    const { queue: q, id, attempt } = marble;
    const { key, batch } = work;
    got({ run, q, id }, work, attempt);
    if (work.poison || (attempt === 1 && Math.random() < 0.05)) throw new Error('on purpose');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * (q === 'doomed' ? 150 : 20)));
    const outputs = work.begets ? [{ q, end: '.0' }] : (PLAN.outputs[q] ?? []);
    for (const output of outputs) {
      const next = { key: key + output.end, by: { key, attempt }, ...(batch !== undefined && { batch }) };
      if (ELEVATED.includes(output.q)) marble.elevate(output.q, next);
      else marble.send(output.q, next);
    }
  };
  const onError = (error: unknown, { id, queue, attempt }: { id: string; queue: string; attempt: number }) => {
    if (isMarbleRunError(error, 'MR_LEASE_LOST')) history.write({ e: 'refused', run, q: queue, id, attempt });
    else if (isMarbleRunError(error)) trouble(history, role, error);
  };
  const work = { concurrency: 50, drainMs: 5000, timeLimitMs: TIME_LIMIT_MS, onError };
  const members = ['part', 'piece', 'rise', 'doomed']; // one worker of several queues
  const workers = ['pipe1', 'pipe2', 'pipe3', 'climb', members].map((queues) => bus.work(queues, handler, work));
  await Promise.all(workers.map(({ done }) => done));
}

const ROLES: Record<string, (bus: Bus) => Promise<void>> = {
  producer: produce,
  jobs: (bus) => loop(bus, ['jobs', 'frail', 'join', 'thens'], false),
  frail: (bus) => loop(bus, ['frail', 'thens', 'join', 'jobs'], false),
  order: (bus) => loop(bus, ['order'], false),
  top: (bus) => loop(bus, ['top', 'peak', 'done'], true),
  pipeline,
  batcher: (bus) => withCommunicator((communicator) => new Batcher({ ...actor, bus, communicator }).work()),
  undertaker: () => withCommunicator((communicator) => undertake({ ...actor, communicator })),
};

const actor = { history, run, isStopping: () => stopping };

async function withCommunicator(work: (communicator: Communicator) => Promise<void>): Promise<void> {
  const communicator = new Communicator({ redis, run });
  try {
    await work(communicator);
  } finally {
    await communicator.close();
  }
}

function block(): void {
  const end = Date.now() + LEASE_MS * 1.5;
  while (Date.now() < end);
}

async function main(): Promise<void> {
  const atomic = role === 'top';
  const heartbeat = Math.random() < 0.7 ? 'thread' : 'loop';
  const bus: Bus = new Marble<Record<string, Work>>({ ...options, atomic, heartbeat });
  process.on('SIGUSR2', block);
  process.on('SIGTERM', () => {
    stopping = true;
    if (!SENDERS.includes(role)) void bus.close().then(() => process.exit(0));
  });
  console.log('started');
  try {
    await ROLES[role]!(bus);
    await bus.close();
  } catch (error) {
    endedBy(error, history, role, stopping);
    await bus.close();
  }
}

await main();
