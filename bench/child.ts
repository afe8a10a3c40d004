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
import { nowUs, type Replies, type Request, type Requests, type Verb } from './protocol.js';

const [name = '', url = ''] = process.argv.slice(2);
const session = contestant(name).open(url);
let consumer: Consumer | undefined;
const counted = { n: 0, firstAt: 0, lastAt: 0 };
/** A sample of a size that does not grow: a list of millions would be work for the garbage collector. */
const latencies = createHistogram();
let measuredFrom = 0;
const TEXT = 'marble '.repeat(9);

const verbs: { [V in Verb]: (args: Requests[V]) => Promise<Replies[V]> | Replies[V] } = {
  async send({ n, bytes, how }) {
    const started = nowUs();
    const items = marbles(n, bytes);
    if (how === 'one by one') await sendEach(items);
    else if (how === 'hundred under way') await Promise.all(Array.from({ length: 100 }, () => sendEach(items)));
    else if (how === 'stream' && session.stream) await session.stream(items);
    else for (const batch of inBatches(items, 1000)) await session.sendBulk(batch);
    return { us: nowUs() - started };
  },

  async consume({ concurrency, measuredFrom: from = 0 }) {
    measuredFrom = from;
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

  counted: () => counted,

  async stop() {
    await consumer?.stop();
    return { p50Us: latencies.percentile(50), p99Us: latencies.percentile(99), p999Us: latencies.percentile(99.9) };
  },

  async pace({ n, perSecond }) {
    if (perSecond > 0) await openLoop(n, perSecond);
    else await sparse(n);
    return null;
  },

  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  peak: () => process.resourceUsage().maxRSS * 1024,

  async close() {
    await session.close();
    return null;
  },
};

function handle(data: Data): unknown {
  const now = nowUs();
  if (counted.n++ === 0) counted.firstAt = now;
  counted.lastAt = now;
  if (data.at > 0 && data.n >= measuredFrom) latencies.record(Math.max(1, now - data.at));
  if (!data.slow) return undefined;
  if (!data.slow.blocks) return sleep(data.slow.ms);
  while (nowUs() < now + data.slow.ms * 1000);
  return undefined;
}

function* marbles(n: number, bytes: number): Generator<Data> {
  const text = 'marble '
    .repeat(Math.ceil(bytes / 7))
    .slice(0, Math.max(0, bytes - '{"n":12345,"text":"","at":0}'.length));
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

async function sparse(n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    await session.send({ n: i, text: TEXT, at: nowUs() });
    await sleep(5);
  }
}

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
  if (verb === 'close') process.disconnect();
}

process.on('message', (request: Request) => void answer(request));
