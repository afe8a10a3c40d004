/**
 * What there is in a run: queues, holders, lanes, for people and metrics. Reads only.
 */
import type { Redis } from 'ioredis';
import { isMarbleRunError } from '../errors.js';
import type { Connection } from './connection.js';
import { decodeEnvelope } from './envelope.js';
import { evictingPolicy } from './eviction.js';
import { isName, type RunKeys } from './keys.js';
import { EVENTS, type QueueEvent, type QueueStatus } from './run-status.js';
import { callScript } from './scripts.js';

export interface HolderStatus {
  readonly holder: string;
  /** When its lease passes, and when it was last heard of: ms since 1970 by Redis's clock. */
  readonly leaseUntil: number;
  readonly heardAt: number;
  /** How long ago that was. */
  readonly unheardMs: number;
  /** Marbles in hand. */
  readonly held: number;
  /** host, pid, queue, report, blockedMs, … as its client wrote them. */
  readonly about: Readonly<Record<string, string>>;
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
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** By name. */
  async queues(): Promise<QueueStatus[]> {
    const { queues, outboxes, counts } = this.keys;
    const [names, outgoing, tally, now] = await this.connection.run((redis) =>
      Promise.all([
        redis.zrange(queues, '0', '-1'),
        redis.zrange(outboxes, '0', '-1'),
        redis.hgetall(counts),
        timeMs(redis),
      ]),
    );
    const all = [...new Set([...names, ...outgoing])].filter((name) => isName('queue', name)).sort();
    const status: QueueStatus[] = [];
    for (let i = 0; i < all.length; i += CHUNK) {
      const some = all.slice(i, i + CHUNK);
      const lines = await this.#lines(some.map((queue) => this.keys.queue(queue)));
      status.push(
        ...some.map((queue, j) =>
          queueStatus(queue, lines[2 * j] as number, lines[2 * j + 1] as string | null, tally, now),
        ),
      );
    }
    return status;
  }

  /** Takes names out of the registries that are none: they name no key that anybody could ask for. */
  async forgetMisnamed(): Promise<void> {
    for (const registry of [this.keys.queues, this.keys.outboxes]) {
      const names = await this.connection.run((redis) => redis.zrangeBuffer(registry, '0', '-1'));
      const misnamed = names.filter((name) => !isName('queue', name.toString('latin1')));
      if (misnamed.length > 0) await this.connection.run((redis) => redis.zrem(registry, ...misnamed));
    }
  }

  /** The longest unheard first. */
  async holders(limit = 1000): Promise<HolderStatus[]> {
    const { holders, holder: entry, held } = this.keys;
    const [members, now] = await this.connection.run((redis) =>
      Promise.all([redis.zrange(holders, '0', String(limit - 1), 'WITHSCORES'), timeMs(redis)]),
    );
    const status: HolderStatus[] = [];
    for (let i = 0; i < members.length; i += 2) {
      const [holder, leaseUntil] = [members[i]!, Number(members[i + 1])];
      const [about, fields] = await this.connection.run((redis) =>
        Promise.all([redis.hgetall(entry(holder)), redis.hlen(held(holder))]),
      );
      const heardAt = leaseUntil - Number(about['leaseMs'] ?? 0);
      const unheardMs = Math.max(0, now - heardAt);
      status.push({ holder, leaseUntil, heardAt, unheardMs, held: Math.max(0, fields - 1), about });
    }
    return status;
  }

  holderCount(): Promise<number> {
    return this.connection.run((redis) => redis.zcard(this.keys.holders));
  }

  /** Delayed marbles. */
  laterCount(): Promise<number> {
    return this.connection.run((redis) => redis.zcard(this.keys.later));
  }

  /** Depth of every outbox, and how long its next marble has waited, in ms. */
  async outboxes(): Promise<{ queue: string; depth: number; oldestMs: number }[]> {
    const [all, now] = await this.connection.run((redis) =>
      Promise.all([redis.zrange(this.keys.outboxes, '0', '-1'), timeMs(redis)]),
    );
    const names = all.filter((name) => isName('queue', name));
    const lines = names.length === 0 ? [] : await this.#lines(names.map((queue) => this.keys.outbox(queue)));
    return names.map((queue, i) => ({
      queue,
      depth: lines[2 * i] as number,
      oldestMs: waitedMs(lines[2 * i + 1] as string | null, now),
    }));
  }

  /** ms since 1970 by Redis's clock. */
  now(): Promise<number> {
    return this.connection.run(timeMs);
  }

  /** How full this Redis is; `maxBytes` is 0 where there is no limit. Undefined where this user may not read it (INFO). */
  async memory(): Promise<{ usedBytes: number; maxBytes: number } | undefined> {
    const info = await this.#ifAllowed((redis) => redis.info('memory'));
    return info === undefined
      ? undefined
      : { usedBytes: Number(field(info, 'used_memory')), maxBytes: Number(field(info, 'maxmemory')) };
  }

  /** The policy by which this Redis may evict; '' where it may not, undefined where this user may not read it (INFO). */
  async evictingPolicy(): Promise<string | undefined> {
    return evictingPolicy(await this.#ifAllowed((redis) => redis.info('memory')));
  }

  /** What this Redis promises of what it has acknowledged; undefined what this user may not read (INFO, CONFIG GET). */
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

  #lines(keys: string[]): Promise<(number | string | null)[]> {
    return this.connection.run((redis) => callScript(redis, 'lines', keys, [])) as Promise<(number | string | null)[]>;
  }
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
}

/** ms since 1970 by Redis's clock. */
export async function timeMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function waitedMs(header: string | null, now: number): number {
  if (header === null) return 0;
  try {
    return Math.max(0, now - decodeEnvelope(Buffer.from(header)).sentAt);
  } catch {
    return 0; // no envelope: whoever takes it buries it
  }
}

function queueStatus(
  queue: string,
  depth: number,
  header: string | null,
  tally: Record<string, string>,
  now: number,
): QueueStatus {
  const counts = Object.fromEntries(EVENTS.map((event) => [event, Number(tally[`${queue} ${event}`] ?? 0)])) as Record<
    QueueEvent,
    number
  >;
  const held = Math.max(0, counts.taken - counts.finished - counts.failed - counts.dropped - counts.released);
  return { queue, depth, held, oldestMs: waitedMs(header, now), counts };
}
