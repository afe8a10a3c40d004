/** Floors of single steps: what is left of a send or of a read when nothing but Redis and ioredis take part. */
import { keysOf, scriptText } from '@marblerun/internal';
import { Redis } from 'ioredis';
import { QUEUE, type Consumer, type Contestant, type Data } from './contestant.js';

const REMEMBER_MS = 3_600_000;
/** A header as MarbleRun writes it: of the same length, and the same for all. */
const HEADER = 'AbCdEfGhIj.00 0 mabcdefg j\n';
/** The bytes that readers have under way; more would only wait in the socket. */
const UNDER_WAY = 1_048_576;

type Script = (...args: (number | string)[]) => Promise<unknown>;
type Scripted = Redis & Record<'push' | 'pushBehind' | 'step', Script>;

/** Connects with scripts of MarbleRun, called in the way that ioredis has for scripts. */
function scripted(url: string): Scripted {
  const redis = new Redis(url) as Scripted;
  for (const [name, numberOfKeys] of [
    ['push', 6],
    ['pushBehind', 3],
    ['step', 3],
  ] as const)
    redis.defineCommand(name, { numberOfKeys, lua: scriptText(name) });
  return redis;
}

/** Raw ioredis with the script of a send, its keys and arguments. */
export const floorSend: Contestant = {
  name: 'floor, the script of a send',
  settings: 'ioredis and the script that a send calls, with the same keys and as many bytes; no batches, no checks',
  why: 'what a send costs beyond this is code of MarbleRun in Node.js',
  weight: 1,
  open(url) {
    const redis = scripted(url);
    const keys = keysOf('main');
    const [sender, list] = [keys.sender('AbCdEfGhIj.00'), keys.queue(QUEUE)];
    const wake = [keys.queues, keys.watched, keys.wake(QUEUE)];
    let number = 0;
    const push = (envelopes: string[]) =>
      redis.push(sender, list, keys.counts, ...wake, ++number, REMEMBER_MS, QUEUE, ...envelopes);
    const pushBehind = (envelope: string) =>
      redis.pushBehind(sender, list, keys.counts, ++number, REMEMBER_MS, `${QUEUE} sent`, envelope);
    return {
      send: (data) => (number === 0 ? push([envelopeOf(data)]) : pushBehind(envelopeOf(data))),
      sendBulk: (batch) => push(batch.map(envelopeOf)),
      waiting: () => redis.llen(list),
      consume: () => Promise.reject(new Error('this floor only sends')),
      close: () => redis.quit(),
    };
  },
};

const envelopeOf = (data: Data) => HEADER + JSON.stringify(data);
const dataOf = (envelope: string) => JSON.parse(envelope.slice(envelope.indexOf('\n') + 1)) as Data;

/** Raw ioredis with the script of a loop's step. */
export const floorStep: Contestant = {
  name: 'floor, the script of a loop',
  settings: 'ioredis and the script that a step of a loop calls, one marble at a time; no heartbeat, no checks',
  why: 'what a loop costs beyond this is code of MarbleRun in Node.js',
  weight: 1,
  open(url) {
    const redis = scripted(url);
    const keys = keysOf('main');
    const list = keys.queue(QUEUE);
    return {
      send: (data) => redis.lpush(list, envelopeOf(data)),
      sendBulk: (batch) => redis.lpush(list, ...batch.map(envelopeOf)),
      waiting: () => redis.llen(list),
      consume: (_, handle) => stepping(redis, handle),
      close: () => redis.quit(),
    };
  },
};

/** Takes the first marble as it can, and each further one with the finish of the one before. */
function stepping(redis: Scripted, handle: (data: Data) => unknown): Consumer {
  const keys = keysOf('main');
  const [held, list] = [keys.held('AbCdEfGhIj.00'), keys.queue(QUEUE)];
  const fields = [`${QUEUE} finished`, `${QUEUE} taken`];
  const run = async () => {
    let envelope = await redis.rpop(list);
    if (envelope) await redis.hset(held, `0/${QUEUE}`, envelope);
    for (let n = 0; envelope; n++) {
      handle(dataOf(envelope));
      const step = [n + 1, `${n}/${QUEUE}`, `${n + 1}/${QUEUE}`, ...fields];
      [, envelope = null] = (await redis.step(held, keys.counts, list, ...step)) as [number, string?];
    }
  };
  const ended = run();
  return { stop: () => ended };
}

/** Data beside the list at its cheapest: a SET each, and a GET each, about 1 MiB under way. */
export const floorGet = reading('floor, a plain GET', false);
/** The same, and the data are removed, as a queue has to. */
export const floorGetAndUnlink = reading('floor, GET and UNLINK', true);

function reading(name: string, removes: boolean): Contestant {
  return {
    name,
    settings: `a SET for each, a GET for each, about 1 MiB of GETs under way; ${removes ? 'an UNLINK with each GET' : 'nothing is removed'}`,
    why: removes ? 'what a queue must do beside reading' : 'data beside a list cost at least this',
    weight: 5,
    open(url) {
      const redis = new Redis(url);
      let next = 0;
      const set = (data: Data) => redis.set(`${QUEUE}:${next++}`, JSON.stringify(data));
      return {
        send: set,
        sendBulk: (batch) => Promise.all(batch.map(set)),
        waiting: () => redis.dbsize(),
        consume: (concurrency, handle) => readAll(redis, { concurrency, removes }, handle),
        close: () => redis.quit(),
      };
    },
  };
}

interface Reading {
  readonly concurrency: number;
  readonly removes: boolean;
}

async function readAll(
  redis: Redis,
  { concurrency, removes }: Reading,
  handle: (data: Data) => unknown,
): Promise<Consumer> {
  const [all, bytes] = [await redis.dbsize(), await redis.strlen(`${QUEUE}:0`)];
  let next = 0;
  const reader = async () => {
    while (next < all) {
      const key = `${QUEUE}:${next++}`;
      const read = redis.get(key);
      if (removes) void redis.unlink(key);
      handle(JSON.parse((await read)!) as Data);
    }
  };
  const readers = Math.max(1, Math.min(concurrency, Math.floor(UNDER_WAY / bytes)));
  const read = Promise.all(Array.from({ length: readers }, reader));
  return { stop: () => read };
}
