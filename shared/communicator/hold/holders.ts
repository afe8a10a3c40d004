/**
 * Work under a lease, and what waits for it: the part of the communicator that `marblerun` itself is built on.
 *
 * It is internal. A program that builds on the bus takes marbles with `pop`, or works on them with a `Marble`.
 */
import type { Connection } from '../redis/connection.js';
import type { LargeDataReader } from '../data/large-data.js';
import type { RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';
import type { Popped, Popper } from '../send/popper.js';
import type { Recovery } from '../watch/recovery.js';
import type { HoldingOptions } from './held.js';
import { Holding } from './holding.js';
import type { Listening } from './listener.js';
import { lookAt } from './wake-ups.js';

/** The parts of a communicator that its holders work with. */
export interface HoldersParts {
  readonly recovery: Recovery;
  readonly popper: Popper;
  readonly largeData: LargeDataReader;
  /** Opens a further connection, which is closed with the communicator. */
  readonly aside: (blockMs: number) => Connection;
  /** Opens a share in the listener to these queues, which is closed with the communicator. */
  readonly listen: (queues: readonly string[], pollMs: number) => Listening;
}

export class Holders {
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
    private readonly parts: HoldersParts,
  ) {}

  holding(waiting: Connection, options: HoldingOptions): Holding {
    this.connection.keepProcess(); // a holder always has something under way
    const { connection, keys } = this;
    const { recovery, largeData } = this.parts;
    return new Holding({ connection, waiting, keys, recovery, largeData }, options);
  }

  /** Opens a further connection, for commands that block up to `blockMs`. It is closed with the communicator. */
  waitingConnection(blockMs: number): Connection {
    const connection = this.parts.aside(blockMs);
    connection.keepProcess();
    return connection;
  }

  /** Opens a wait on several queues, whose names differ. They are looked at every `pollMs` too. It is closed with the communicator. */
  listening(queues: readonly string[], pollMs: number): Listening {
    return this.parts.listen(queues, pollMs);
  }

  /** Wakes another holder that waits on this queue, if marbles lie in it. */
  async passOn(queue: string): Promise<void> {
    await this.connection.run((redis) => lookAt(redis, this.keys, [queue], 0));
  }

  /** Waits for a marble and takes it for good. `waiting` is a connection of {@link waitingConnection}. */
  popBlocking(waiting: Connection, queue: string, ms: number): Promise<Popped | undefined> {
    return this.parts.popper.popBlocking(waiting, queue, ms);
  }

  /** Ends blocking calls early, so that they return as if their time were over. */
  async unblock(waiting: Connection): Promise<void> {
    await this.connection.unblock(waiting);
  }

  /** Renews the leases of many holders. Returns those that were given up. */
  async beat(holders: readonly { id: string; leaseMs: number }[], blockedMs: string): Promise<string[]> {
    const call = {
      moreKeys: holders.map(({ id }) => this.keys.holder(id)),
      moreArgs: holders.flatMap(({ id, leaseMs }) => [id, leaseMs, blockedMs]),
    };
    const known = await this.connection.run((redis) => callScript(redis, this.keys, 'beat', call));
    return holders.filter((_, i) => known[i] === 0).map(({ id }) => id);
  }
}
