/**
 * The real side: two runs on a Redis of their own, three holders, and replies that can be lost.
 *
 * Connections are made once; each case begins with an empty Redis. A lost reply means a command that was done, whose
 * client saw its connection cut and asks again. `Connection.run` is wrapped so that every command goes exactly that way
 * while `replyLost` is set.
 */
import { RedisServer, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { Connection, holdersOf, keysOf, type Holding, type HoldingOptions } from '@marblerun/internal';
import { Communicator, isMarbleRunError } from 'marblerun/communicator';

export const QUEUES = ['a', 'b'] as const;
export type Queue = (typeof QUEUES)[number];

/** The time of leases and limits. It is long: time passes in a case only where the case says so. */
export const LEASE_MS = 86_400_000;
export const SLOTS = [
  { timeLimitMs: 0, maxAttempts: 3, takesAhead: false },
  { timeLimitMs: LEASE_MS, maxAttempts: 2, takesAhead: false },
  { timeLimitMs: 0, maxAttempts: 2, takesAhead: true },
] as const;

/** How long a connection may be gone, likewise. */
export const HEART_MS = LEASE_MS;
/** A slot stands for a process: holders that follow each other have one heart. */
export const heartOf = (slot: number) => `heart${slot}`;
/** Two of them are in containers of one id, as on two engines that are copies of each other. */
export const containerOf = (slot: number) => (slot === 0 ? 'own' : 'shared');

export class Bench {
  /** True: every command is done, its reply is lost, and it is sent again. */
  replyLost = false;
  /** An act that happens once: when a command has got such a reply, before its caller goes on. */
  interlude: { after: (reply: unknown) => boolean; act: () => Promise<unknown> } | undefined;
  readonly #waiting: Connection[];
  readonly #clientIds: string[] = [];
  readonly #hearts: Communicator[];
  readonly #run = Object.getOwnPropertyDescriptor(Connection.prototype, 'run')!;

  private constructor(
    private readonly server: RedisServer,
    readonly redis: Redis,
    readonly lower: Communicator,
    readonly upper: Communicator,
  ) {
    this.#waiting = SLOTS.map(() => holdersOf(lower).waitingConnection(1000));
    this.#hearts = SLOTS.map(() => new Communicator({ redis: server.url, run: 'lower' }));
    this.#wrapRun();
  }

  static async start(): Promise<Bench> {
    const server = await RedisServer.start(['--hz', '500']); // a block must end on time, not up to 100 ms later
    const redis = new Redis(server.url);
    const at = (run: string) => new Communicator({ redis: server.url, run });
    return new Bench(server, redis, at('lower'), at('upper'));
  }

  async stop(): Promise<void> {
    Object.defineProperty(Connection.prototype, 'run', this.#run);
    await Promise.all([this.lower, this.upper, ...this.#hearts].map((one) => one.close()));
    this.redis.disconnect();
    await this.server.stop();
  }

  async clear(): Promise<void> {
    this.replyLost = false;
    await this.redis.flushdb();
  }

  async enter(slot: number): Promise<Holding> {
    const options: HoldingOptions = {
      leaseMs: LEASE_MS,
      description: { host: 'here', heart: heartOf(slot) },
      ...SLOTS[slot]!,
    };
    const holding = holdersOf(this.lower).holding(this.#waiting[slot]!, options);
    await holding.enter();
    return holding;
  }

  async pulse(slot: number): Promise<void> {
    await this.#hearts[slot]!.hearts.pulse({ id: heartOf(slot), goneMs: HEART_MS, container: containerOf(slot) });
  }

  /** Ends the connection of this slot's heart, and waits until both sides know. */
  async cutHeart(slot: number): Promise<void> {
    const noted = await this.redis.hget(keysOf('lower').hearts, heartOf(slot));
    await this.redis.call('CLIENT', 'KILL', 'ID', noted!.split(' ', 1)[0]!);
    await until('it knows that it was cut', () => this.#hearts[slot]!.state !== 'ready');
  }

  /** Waits until the waiting connection of this slot is known to have ended, if it has `ended` since the last call. */
  async noticeCut(slot: number, ended: boolean): Promise<void> {
    const waiting = this.#waiting[slot]!;
    const isOver = () => waiting.state !== 'ready' || waiting.clientId !== this.#clientIds[slot];
    if (ended) await until('the end of a waiting connection is known', isOver);
    this.#clientIds[slot] = waiting.clientId;
  }

  /** Makes Redis refuse this command to everybody during the act. Returns 'refused' where the act needed it. */
  async refusing<T>(command: string | undefined, act: () => Promise<T>): Promise<T | 'refused'> {
    if (command === undefined) return act();
    await this.redis.acl('SETUSER', 'default', `-${command}`);
    try {
      return await act();
    } catch (error) {
      if (!isMarbleRunError(error) || !/can't run this command|NOPERM/.test(error.message)) throw error;
      return 'refused';
    } finally {
      await this.redis.acl('SETUSER', 'default', `+${command}`);
    }
  }

  /** Reads everything that there is of a run, as plain data. */
  async snapshot(run: 'lower' | 'upper', holders: readonly string[]) {
    const keys = keysOf(run);
    const all = this.redis.pipeline();
    for (const queue of QUEUES) all.lrange(keys.queue(queue), 0, -1).lrange(keys.outbox(queue), 0, -1);
    all.zrange(keys.later, '0', '-1').zrange(keys.dead, '0', '-1').hgetall(keys.letters);
    all
      .zrange(keys.deadlines, '0', '-1', 'WITHSCORES')
      .hgetall(keys.counts)
      .zrange(keys.holders, '0', '-1', 'WITHSCORES');
    all.keys(`mr:{${run}}:*`).hkeys(keys.watched);
    for (const queue of QUEUES) all.exists(keys.wake(queue));
    const batches = all.length;
    all.hgetall(keys.batches);
    for (const key of [keys.batchdead, keys.children, keys.cancelled]) all.zrange(key, '0', '-1');
    all.zrange(keys.batchends, '0', '-1', 'WITHSCORES');
    const holding = all.length;
    for (const holder of holders) {
      all.hgetall(keys.held(holder)).hget(keys.holder(holder), 'waiting');
      for (const queue of QUEUES) all.lrange(keys.inbox(holder, queue), 0, -1);
    }
    const replies = (await all.exec())!.map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
    return [...replies.slice(0, batches), replies.slice(batches, holding), ...replies.slice(holding)];
  }

  #wrapRun(): void {
    const run = this.#run.value as Connection['run'];
    const isLost = () => this.replyLost;
    const interlude = async (reply: unknown) => {
      const { interlude } = this;
      if (!interlude?.after(reply)) return;
      this.interlude = undefined;
      await interlude.act();
    };
    Connection.prototype.run = async function <T>(
      this: Connection,
      attempt: (redis: Redis, again: boolean) => Promise<T>,
    ): Promise<T> {
      const reply = (await run.call(this, attempt)) as T;
      const last = isLost() ? ((await run.call(this, (redis) => attempt(redis, true))) as T) : reply;
      await interlude(last);
      return last;
    };
  }
}
