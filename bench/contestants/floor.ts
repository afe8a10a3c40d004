/**
 * The floor: what Redis and ioredis can do with this layout of data and nothing else: no attempts,
 * leases, counts, errors, ids. A marble is a list entry; a swap finishes what is done and takes as
 * many, in one script. Anything that does more costs more.
 */
import { Redis } from 'ioredis';
import { QUEUE, type Consumer, type Contestant, type Data } from './contestant.js';

const SWAP = `
  local done = tonumber(ARGV[3])
  if done > 0 then redis.call('HDEL', KEYS[2], unpack(ARGV, 4, 3 + done)) end
  local each = (#ARGV - 3 - done) / (#KEYS - 2)
  for line = 3, #KEYS do
    local first = 4 + done + (line - 3) * each
    redis.call('LPUSH', KEYS[line], unpack(ARGV, first, first + each - 1))
  end
  local taken = redis.call('RPOP', KEYS[1], ARGV[1])
  if not taken or #taken == 0 then return {} end
  local held = {}
  for i = 1, #taken do
    held[2 * i - 1] = ARGV[2] + i
    held[2 * i] = taken[i]
  end
  redis.call('HSET', KEYS[2], unpack(held))
  return taken`;

type Swapper = Redis & { swapBuffer(keys: number, ...args: (number | string)[]): Promise<Buffer[]> };

/** `batch`: marbles per swap; 0: as many as the concurrency. */
export const floorOf = (name: string, batch: number, outputs: readonly string[] = []): Contestant => ({
  name,
  settings: `one LPUSH for many; a bare swap script, ${batch || 'as many marbles at a time as the concurrency'}${batch ? ' marbles at a time' : ''}${outputs.length > 0 ? ', which pushes each to three queues' : ''}`,
  why: 'what takes less than this does less than a queue must',
  weight: 5,
  mostRounds: 3,
  open(url) {
    const redis = new Redis(url);
    const idlers: Redis[] = [];
    return {
      send: (data) => redis.lpush(QUEUE, JSON.stringify(data)),
      sendBulk: (many) => redis.lpush(QUEUE, ...many.map((data) => JSON.stringify(data))),
      waiting: () => redis.llen(QUEUE),
      consume: (concurrency, handle) => swapLoop(url, batch || concurrency, handle, outputs),
      /** Connections that wait, as many as there are holders, and nothing else: no lease. */
      async idle(holders) {
        for (let i = 0; i < holders; i++) {
          const waiting = new Redis(url);
          await waiting.ping();
          waiting.blmove('idle', `inbox:${process.pid}:${i}`, 'RIGHT', 'LEFT', 0).catch(() => undefined); // until it is closed
          idlers.push(waiting);
        }
      },
      close: async () => {
        for (const idler of idlers) idler.disconnect();
        await redis.quit();
      },
    };
  },
});

function swapLoop(url: string, batch: number, handle: (data: Data) => void, outputs: readonly string[]): Consumer {
  const redis = new Redis(url) as Swapper;
  const waiting = new Redis(url);
  redis.defineCommand('swap', { lua: SWAP });
  const held = `held:${process.pid}`;
  let stopping = false;
  const loop = async () => {
    let [done, seq] = [[] as number[], 0];
    let sent: string[] = [];
    const keys = [QUEUE, held, ...outputs];
    while (!stopping || done.length > 0) {
      const lines = sent.length > 0 ? keys : keys.slice(0, 2);
      const args = [stopping ? 0 : batch, seq, done.length, ...done, ...sent];
      const taken = await redis.swapBuffer(lines.length, ...lines, ...args);
      done = taken.map((_, i) => seq + i + 1);
      seq += taken.length;
      const each = outputs.map((): string[] => []);
      for (const bytes of taken) {
        const data = JSON.parse(bytes.toString()) as Data;
        handle(data);
        for (const one of each) one.push(JSON.stringify(data));
      }
      sent = each.flat();
      if (taken.length > 0 || stopping) continue;
      const found = await waiting.brpop(QUEUE, 1);
      if (found) handle(JSON.parse(found[1]) as Data);
    }
    redis.disconnect();
    waiting.disconnect();
  };
  const ended = loop();
  return {
    stop: () => {
      stopping = true;
      return ended;
    },
  };
}
