/**
 * Work under a lease, and what waits for it: the part of the communicator that `marblerun` itself is built on.
 *
 * It is internal. A program that builds on the bus takes marbles with `pop`, or works on them with a `Marble`.
 */
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import { callScript } from '../redis/scripts.js';
import type { Popped, Popper } from '../send/popper.js';
import type { Recovery } from '../watch/recovery.js';
import type { HoldingOptions } from './held.js';
import { Holding } from './holding.js';

/** The parts of a communicator that its holders work with. */
export interface HoldersParts {
  readonly recovery: Recovery;
  readonly popper: Popper;
  /** Opens a further connection, which is closed with the communicator. */
  readonly aside: (blockMs: number) => Connection;
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
    return new Holding({ connection, waiting, keys, recovery: this.parts.recovery }, options);
  }

  /** Opens a further connection, for commands that block up to `blockMs`. It is closed with the communicator. */
  waitingConnection(blockMs: number): Connection {
    const connection = this.parts.aside(blockMs);
    connection.keepProcess();
    return connection;
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
