/**
 * Reads what there is in a run: queues, holders, the state of Redis, for people and metrics. Reads only.
 */
import type { Redis } from 'ioredis';
import { isMarbleRunError } from '../../errors.js';
import type { Connection } from '../redis/connection.js';
import { evictingPolicy } from './eviction.js';
import type { RunKeys } from '../redis/keys.js';
import type { OutboxStatus, QueueReader } from './queue-reader.js';
import { stepsOf } from './registry.js';
import { timeMs } from '../redis/redis-time.js';
import type { QueueStatus } from './run-status.js';

export interface HolderStatus {
  readonly holder: string;
  /** When its lease passes, and when it was last heard of, in ms since 1970 by Redis's clock. */
  readonly leaseUntil: number;
  readonly heardAt: number;
  /** How long ago it was last heard of. */
  readonly unheardMs: number;
  /** Marbles in hand. */
  readonly held: number;
  /** The fields host, pid, queue, report, blockedMs, … as its client wrote them. */
  readonly about: Readonly<Record<string, string>>;
}

/** The work of a holder: the queue that it waits on, and its marbles in hand. */
export interface HolderAtWork {
  readonly holder: string;
  /** Its heart and its host name, as its client wrote them; empty where it did not. */
  readonly heart: string;
  readonly host: string;
  /** The queues that it waits on or has marbles of. */
  readonly queues: readonly string[];
  readonly held: number;
}

export interface Durability {
  readonly version?: string | undefined;
  readonly appendonly?: boolean | undefined;
  readonly appendfsync?: string | undefined;
  readonly maxmemoryPolicy?: string | undefined;
  readonly usedBytes?: number | undefined;
  readonly maxBytes?: number | undefined;
}

const CHUNK = 200;

export class Status {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
    private readonly reader: QueueReader,
  ) {}

  /** Reads every queue at once, by name; {@link QueueReader} has them in steps. */
  async queues(): Promise<QueueStatus[]> {
    return byName(await together(this.reader.queues()));
  }

  /** Reads every outbox at once, by name. */
  async outboxes(): Promise<OutboxStatus[]> {
    return byName(await together(this.reader.outboxes()));
  }

  /** Lists holders, the longest unheard first. */
  async holders(limit = 1000): Promise<HolderStatus[]> {
    const [members, now] = await this.connection.run((redis) =>
      Promise.all([redis.zrange(this.keys.holders, '0', String(limit - 1), 'WITHSCORES'), timeMs(redis)]),
    );
    const status: HolderStatus[] = [];
    for (let i = 0; i < members.length; i += 2 * CHUNK)
      status.push(...(await this.#described(members.slice(i, i + 2 * CHUNK), now)));
    return status;
  }

  /** Tells in steps what each holder works on. */
  async *atWork(): AsyncGenerator<HolderAtWork[]> {
    const { holder: entry, held } = this.keys;
    for await (const holders of stepsOf(this.connection, this.keys.holders)) {
      const read = (redis: Redis, holder: string) =>
        Promise.all([redis.hmget(entry(holder), 'heart', 'host', 'waiting'), redis.hkeys(held(holder))]);
      const found = await this.connection.run((redis) => Promise.all(holders.map((holder) => read(redis, holder))));
      yield found.map(([[heart, host, waiting], fields], i) => {
        const receipts = fields.filter((field) => field.includes('/'));
        const queues = new Set(receipts.map((receipt) => receipt.slice(receipt.indexOf('/') + 1)));
        if (waiting) queues.add(waiting);
        const where = { heart: heart ?? '', host: host ?? '' };
        return { holder: holders[i]!, ...where, queues: [...queues], held: receipts.length };
      });
    }
  }

  /** Describes these holders, as far as they are there. */
  async these(holders: readonly string[]): Promise<HolderStatus[]> {
    const [ends, now] = await this.connection.run((redis) =>
      Promise.all([Promise.all(holders.map((holder) => redis.zscore(this.keys.holders, holder))), timeMs(redis)]),
    );
    const members = holders.flatMap((holder, i) => (ends[i] === null ? [] : [holder, ends[i]!]));
    return members.length === 0 ? [] : this.#described(members, now);
  }

  /** Describes holders in one round trip. `members` alternates: '<holder>', '<when its lease passes>', … */
  #described(members: readonly string[], now: number): Promise<HolderStatus[]> {
    const { holder: entry, held } = this.keys;
    const ids = members.filter((_, i) => i % 2 === 0);
    return this.connection.run((redis) =>
      Promise.all(
        ids.map(async (holder, i) => {
          const [about, fields] = await Promise.all([redis.hgetall(entry(holder)), redis.hlen(held(holder))]);
          const leaseUntil = Number(members[2 * i + 1]);
          const heardAt = leaseUntil - Number(about['leaseMs'] ?? 0);
          const unheardMs = Math.max(0, now - heardAt);
          return { holder, leaseUntil, heardAt, unheardMs, held: Math.max(0, fields - 1), about };
        }),
      ),
    );
  }

  /** Tells whether a holder has a lease that runs. It costs the same however many holders there are. */
  async isHeard(holder: string): Promise<boolean> {
    const [leaseUntil, now] = await this.connection.run((redis) =>
      Promise.all([redis.zscore(this.keys.holders, holder), timeMs(redis)]),
    );
    return Number(leaseUntil ?? 0) > now;
  }

  holderCount(): Promise<number> {
    return this.connection.run((redis) => redis.zcard(this.keys.holders));
  }

  /** Counts the delayed marbles. */
  laterCount(): Promise<number> {
    return this.connection.run((redis) => redis.zcard(this.keys.later));
  }

  /** Reads the time by Redis's clock, in ms since 1970. */
  now(): Promise<number> {
    return this.connection.run(timeMs);
  }

  /**
   * Reads how full this Redis is. `maxBytes` is 0 where there is no limit. Undefined where this user may not read it
   * (INFO).
   */
  async memory(): Promise<{ usedBytes: number; maxBytes: number } | undefined> {
    const info = await this.#ifAllowed((redis) => redis.info('memory'));
    return info === undefined
      ? undefined
      : { usedBytes: Number(field(info, 'used_memory')), maxBytes: Number(field(info, 'maxmemory')) };
  }

  /**
   * Reads the policy by which this Redis may evict: '' where it may not, undefined where this user may not read it
   * (INFO).
   */
  async evictingPolicy(): Promise<string | undefined> {
    return evictingPolicy(await this.#ifAllowed((redis) => redis.info('memory')));
  }

  /**
   * Reads how well this Redis keeps what it has acknowledged. Values that this user may not read (INFO, CONFIG GET) are
   * undefined.
   */
  async durability(): Promise<Durability> {
    const info = await this.#ifAllowed((redis) => redis.info('server', 'persistence', 'memory'));
    const config = await this.#ifAllowed<string[]>((redis) => redis.config('GET', 'appendfsync'));
    const appendfsync = config?.[1];
    if (info === undefined) return { appendfsync };
    return {
      version: field(info, 'redis_version'),
      appendonly: field(info, 'aof_enabled') === '1',
      appendfsync,
      maxmemoryPolicy: field(info, 'maxmemory_policy'),
      usedBytes: Number(field(info, 'used_memory')),
      maxBytes: Number(field(info, 'maxmemory')),
    };
  }

  async #ifAllowed<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.connection.run(command);
    } catch (error) {
      if (isMarbleRunError(error, 'MR_REDIS_AUTH') || isMarbleRunError(error, 'MR_REDIS_REPLY')) return undefined;
      throw error;
    }
  }
}

async function together<T>(steps: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const some of steps) all.push(...some);
  return all;
}

function byName<T extends { readonly queue: string }>(all: T[]): T[] {
  return all.sort((a, b) => (a.queue < b.queue ? -1 : 1));
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
}
