/**
 * Large data. They lie beside the lists under keys of their own, so that scripts move only what refers to them
 * (docs/decisions/large-data.md).
 *
 * Whoever sends sets them first, with a time to live; the script that sends their marble makes them last, and the one
 * that ends it deletes them. What may go wrong: a client dies between the two, and the data go by themselves. Or they
 * are not there when the marble is worked on (evicted, deleted by hand), and it is dead with that reason.
 */
import type { Redis } from 'ioredis';
import { MarbleRunError } from '../../errors.js';
import type { Connection } from '../redis/connection.js';
import { LARGE_DATA_LAYOUT, type RunKeys } from '../redis/keys.js';
import { fill, type Envelope } from './envelope.js';
import { SetData, type LargeOutput } from './set-data.js';
import type { LargeData } from './header.js';

/** Data from this size on lie beside the list, unless an option says otherwise (docs/PERFORMANCE.md has the measurement). */
export const LARGE_BYTES = 8192;

/**
 * About how many bytes go in one write. For more the C library asks the system for memory, and gives it back, each time
 * (docs/PERFORMANCE.md).
 */
export const MOST_WRITTEN = 98_304;
/** How often a command is asked again because data that it just set are not there: they may have been evicted. */
const MOST_TRIES = 5;

/** The place where large data are set: what is sent of them, by which client, to which run. */
export interface SendingPlace {
  readonly redis: Redis;
  readonly keys: RunKeys;
  readonly large: readonly LargeOutput[];
  /** The part of them that is not set yet, as far as is known. Default: all. */
  readonly unset?: readonly LargeOutput[];
}

/**
 * Runs a script that sends marbles, behind commands that set their large data: all in one write. `isAbsent` tells from
 * its reply that some data were not there, and nothing was done; it is asked again then.
 *
 * Data that are there are left alone (`NX`). So a command that is asked again changes nothing where it had been done.
 */
export async function sendingLarge<Reply>(
  place: SendingPlace,
  script: () => Promise<Reply>,
  isAbsent: (reply: Reply) => boolean,
): Promise<Reply> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const unset = tries === 1 ? (place.unset ?? place.large) : place.large;
    const [reply] = await Promise.all(behind({ ...place, unset }, script));
    if (!isAbsent(reply)) return reply;
  }
  const message = `large data: Redis does not keep what was just set; nothing was sent. Is it over its maxmemory, and does it evict?`;
  throw new MarbleRunError('MR_DATA_MISSING', message);
}

/** Sets the data and runs the script, with as few writes as go together. */
function behind<Reply>(
  { redis, keys, large, unset }: Required<SendingPlace>,
  script: () => Promise<Reply>,
): [Promise<Reply>, unknown] {
  if (large.length === 0) return [script(), undefined];
  return together(redis, () => {
    const set = setData(redis, keys, unset);
    // The layout is noted each time: somebody may have flushed the run, and who destroys a queue has to know of it.
    set.push(redis.set(keys.layout, LARGE_DATA_LAYOUT));
    return [script(), Promise.all(set)];
  });
}

/** Sets data before it is the turn of their marbles. */
export function setAhead(redis: Redis, keys: RunKeys, large: readonly LargeOutput[]): Promise<unknown> {
  return together(redis, () => Promise.all(setData(redis, keys, large)));
}

/** Puts commands into one write. */
function together<T>({ stream }: Redis, commands: () => T): T {
  stream.cork();
  try {
    return commands();
  } finally {
    stream.uncork();
  }
}

/** Sets data. Where they are too much for the write that they are put into, others follow it. */
function setData(redis: Redis, keys: RunKeys, large: readonly LargeOutput[]): Promise<unknown>[] {
  const { stream } = redis;
  let bytes = 0;
  return large.map((one) => {
    bytes += one.bytes;
    if (bytes > MOST_WRITTEN) {
      stream.uncork();
      stream.cork();
      bytes = one.bytes;
    }
    return redis.sendCommand(new SetData(keys.data(one.name), one)) as Promise<unknown>;
  });
}

/** Reads large data, on a socket of their own: they would hold up all behind them. */
export class LargeDataReader {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Returns undefined where they are not there. */
  read(large: LargeData): Promise<Buffer | undefined> {
    return this.decoded(large, (bytes) => Buffer.from(bytes));
  }

  /** Reads what `decode` makes of them (`Wanted.decode`). */
  decoded<T>({ name, bytes }: LargeData, decode: (bytes: Buffer) => T): Promise<T | undefined> {
    return this.connection.read({ key: this.keys.data(name), bytes, decode });
  }

  /**
   * Reads large data into their envelopes. Returns those whose data are not there. How much all of it is is for the caller
   * to know: `large.bytes` tells.
   */
  async readAll(envelopes: readonly Envelope[]): Promise<Set<Envelope>> {
    const missing = new Set<Envelope>();
    await Promise.all(
      envelopes.map(async (envelope) => {
        const data = envelope.large && (await this.read(envelope.large));
        if (data) fill(envelope, data);
        else if (envelope.large) missing.add(envelope);
      }),
    );
    return missing;
  }

  /** Returns the first bytes of data, for people; undefined where they are not there. */
  async beginning({ name }: LargeData, bytes: number): Promise<Buffer | undefined> {
    const beginning = await this.connection.run((redis) => redis.getrangeBuffer(this.keys.data(name), 0, bytes - 1));
    return beginning.length === 0 ? undefined : beginning;
  }

  /** Deletes data of marbles that no script can end: they were taken for good, and are read. */
  async remove(all: readonly LargeData[]): Promise<void> {
    const names = all.map(({ name }) => this.keys.data(name));
    if (names.length > 0) await this.connection.run((redis) => redis.unlink(...names));
  }
}

/** The error of a marble whose data are not there. */
export function dataMissing(id: string, { name, bytes }: LargeData): MarbleRunError {
  const message = `data of ${id}: its ${bytes} bytes are not in Redis any more (key data:${name}); it is dead with this reason`;
  return new MarbleRunError('MR_DATA_MISSING', message);
}
