/**
 * A process of the benchmark: one contestant, that sends or works as it is told.
 *
 * `node child.js <contestant> <redis url>`; what to do comes by messages (`protocol.ts`). All that is
 * measured here is the contestant's own work: the bench reads Redis's figures itself.
 */
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { contestant } from './contestants/index.js';
import type { Consumer, Data } from './contestants/contestant.js';
import { nowUs, textLength, type Replies, type Request, type Requests, type Verb } from './protocol.js';

const [name = '', url = ''] = process.argv.slice(2);
const session = await contestant(name).open(url);
let consumer: Consumer | undefined;
const counted = { n: 0, sum: 0, text: 0, begunAt: 0, firstAt: 0, lastAt: 0 };
/** A sample of a size that does not grow: a list of millions would be work for the garbage collector. */
const latencies = createHistogram();
const TEXT = 'marble '.repeat(9);

const verbs: { [V in Verb]: (args: Requests[V]) => Promise<Replies[V]> | Replies[V] } = {
  async send({ n, bytes, how }) {
    const started = nowUs();
    const items = marbles(n, bytes);
    if (typeof how === 'number') await Promise.all(Array.from({ length: how }, () => sendEach(items)));
    else if (how === 'stream' && session.stream) await session.stream(items);
    else for (const batch of inBatches(items, 1000)) await session.sendBulk(batch);
    return { us: nowUs() - started };
  },

  waiting: () => session.waiting(),

  async consume({ concurrency }) {
    counted.begunAt = nowUs();
    consumer = await session.consume(concurrency, handle);
    return null;
  },

  async behind({ ms, blocks, fast }) {
    const at = nowUs();
    const others = Array.from({ length: fast }, (_, i): Data => ({ n: i + 1, text: TEXT, at }));
    await session.sendBulk([{ n: 0, text: TEXT, at: 0, slow: { ms, blocks } }, ...others]);
    return null;
  },

  async idle({ holders, heartbeat }) {
    await session.idle?.(holders, heartbeat);
    return null;
  },

  measure() {
    latencies.reset();
    return null;
  },

  counted: () => ({ ...counted, cpuUs: cpuUs() }),

  async stop() {
    await consumer?.stop();
    return { p50Us: latencies.percentile(50), p99Us: latencies.percentile(99), p999Us: latencies.percentile(99.9) };
  },

  async consumeQueues({ queues }) {
    consumer = await session.queues!.consume(
      Array.from({ length: queues }, (_, i) => queueName(i + 1)),
      handle,
    );
    return null;
  },

  async pace({ n, perSecond }) {
    await openLoop(n, perSecond);
    return null;
  },

  async drip({ n, everyMs, queue }) {
    const send = queue === undefined ? session.send : session.queues!.sender(queueName(queue));
    for (let i = 0; i < n; i++) {
      await send({ n: i, text: TEXT, at: nowUs() });
      await sleep(everyMs);
    }
    return null;
  },

  cpu: cpuUs,

  peak: () => process.resourceUsage().maxRSS * 1024,

  async close() {
    await session.close();
    return null;
  },
};

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function handle(data: Data): unknown {
  const now = nowUs();
  if (counted.n++ === 0) counted.firstAt = now;
  counted.lastAt = now;
  counted.sum += data.n;
  counted.text += data.text.length;
  if (data.at > 0) latencies.record(Math.max(1, now - data.at));
  if (!data.slow) return undefined;
  if (!data.slow.blocks) return sleep(data.slow.ms);
  while (nowUs() < now + data.slow.ms * 1000);
  return undefined;
}

function* marbles(n: number, bytes: number): Generator<Data> {
  const text = 'marble '.repeat(Math.ceil(bytes / 7)).slice(0, textLength(bytes));
  for (let i = 0; i < n; i++) yield { n: i, text, at: 0 };
}

/** Any number of these share the items among them. */
async function sendEach(items: Iterable<Data>): Promise<void> {
  for (const data of items) await session.send(data);
}

function* inBatches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    if (batch.push(item) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const queueName = (number: number): string => `bench-${number}`;

async function openLoop(n: number, perSecond: number): Promise<void> {
  const started = nowUs();
  const tally = { sent: 0, answered: 0 };
  const answered = () => void tally.answered++; // what is kept of each send is work for the garbage collector
  while (tally.answered < n) {
    const due = Math.min(n, ((nowUs() - started) / 1e6) * perSecond);
    for (; tally.sent < due; tally.sent++) {
      void Promise.resolve(session.send({ n: tally.sent, text: TEXT, at: nowUs() })).then(answered);
    }
    await sleep(1);
  }
}

async function answer({ id, verb, args }: Request): Promise<void> {
  try {
    process.send!({ id, result: await verbs[verb](args as never) });
  } catch (error) {
    process.send!({ id, error: (error as Error).stack });
  }
  if (verb === 'close') process.disconnect!();
}

process.on('message', (request: Request) => void answer(request));
process.send?.('ready');
