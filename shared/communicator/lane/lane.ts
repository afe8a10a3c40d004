/**
 * A lane: the ordered, numbered way from one run to another.
 *
 * The lower run numbers each transit, and hands the same one out until it is told that it arrived. The upper run takes
 * each number once. What may go wrong: a crash between any two steps, or two Elevators at once. The transit is then
 * handed out again, and the upper run ignores it. Or either side loses its state, or is rolled back. The upper run then
 * sees that numbers or contents do not join up (`doubt`), and the transit goes again under a new epoch. That transit
 * arrives at least once, is counted as a gap, and is never lost.
 */
import { createHash } from 'node:crypto';
import type { Connection } from '../redis/connection.js';
import { elevated, largeOf, newId } from '../data/envelope.js';
import type { LargeData } from '../data/header.js';
import { sendingLarge, type LargeDataReader } from '../data/large-data.js';
import type { RunKeys } from '../redis/keys.js';
import { LargeOnes } from '../send/large.js';
import { LineTable, OutputGroups, type Output } from '../send/outputs.js';
import type { Replicated } from '../redis/replicas.js';
import { callScript, callScriptBuffer, type ScriptArg } from '../redis/scripts.js';

/** The marbles that a lane has on its way at once. */
export interface Transit {
  readonly laneId: string;
  readonly epoch: string;
  readonly number: string;
  readonly fingerprint: string;
  readonly entries: readonly Entry[];
}

/** A marble on its way. */
export interface Entry {
  readonly queue: string;
  readonly envelope: Buffer;
  /** Where its large data lie in the lower run, and the data; undefined where they are not there any more. */
  readonly large?: LargeData;
  readonly data?: Buffer | undefined;
}

export type Landing = 'landed' | 'duplicate' | 'gap' | 'doubt';

export interface Landed {
  readonly landing: Landing;
  readonly knownEpoch: string;
  /** Queues whose key holds something other than a list. Their marbles go to the dead. */
  readonly noList: readonly string[];
}

export interface LiftLimits {
  readonly marbles: number;
  readonly bytes: number;
}

/** The lower end, in the run that marbles leave. */
export class LaneSource {
  /** Queues whose outbox was not a list when a lift last looked. The other queues go on without them. */
  noList: readonly string[] = [];

  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
    readonly name: string,
    private readonly largeData: LargeDataReader,
  ) {}

  /**
   * Clears `arrived`. Hands out the transit under way, or else a new one, in which all of `queues` have an equal share.
   * What is too little to share goes to the first. Undefined when nothing waits in them.
   */
  async lift(queues: readonly string[], limits: LiftLimits, arrived?: Transit): Promise<Transit | undefined> {
    const ofArrived = { arrivedEpoch: arrived?.epoch ?? '', arrivedNumber: arrived?.number ?? '' };
    const args = { newId: newId(), ...ofArrived, most: limits.marbles, mostBytes: limits.bytes };
    const over = (arrived?.entries ?? []).flatMap(({ large }) => (large ? [this.keys.data(large.name)] : []));
    const lists = { moreKeys: [...queues.map((queue) => this.keys.outbox(queue)), ...over], moreArgs: queues };
    const [laneId, epoch, number, noList, ...entries] = await this.connection.run((redis) =>
      callScriptBuffer(redis, this.keys, 'lift', { keys: this.#ownKeys, args, ...lists }),
    );
    if (noList && queues.length > 0) this.noList = noList.map(String);
    if (entries.length === 0) return undefined;
    const head = { laneId: `${this.name}/${String(laneId)}`, epoch: String(epoch), number: String(number) };
    const whole = await Promise.all(entries.map((entry) => this.#whole(splitEntry(entry))));
    return { ...head, fingerprint: fingerprintOf(entries), entries: whole };
  }

  /** Reads large data, which go with their marble. */
  async #whole(entry: Entry): Promise<Entry> {
    const large = largeOf(entry.envelope);
    return large ? { ...entry, large, data: await this.largeData.read(large) } : entry;
  }

  /**
   * Begins a new epoch for a transit that the upper run cannot place. False where it is no longer under way, because
   * somebody else delivered it.
   */
  async newEpoch(transit: Transit, knownEpoch: string): Promise<boolean> {
    const args = { epoch: transit.epoch, number: transit.number, knownEpoch };
    const fresh = await this.connection.run((redis) =>
      callScript(redis, this.keys, 'epoch', { keys: this.#ownKeys, args }),
    );
    return fresh !== '';
  }

  get #ownKeys() {
    return { lane: this.keys.lane(this.name), transit: this.keys.transit(this.name) };
  }

  /** Lists the queues whose marbles wait in an outbox. */
  waitingQueues(): Promise<string[]> {
    return this.connection.run((redis) => redis.zrange(this.keys.outboxes, '0', '-1'));
  }

  /** Counts the marbles in transit. */
  inTransit(): Promise<number> {
    return this.connection.run((redis) => redis.llen(this.keys.transit(this.name)));
  }
}

export interface LandOptions {
  /** The run that the transit comes from. It is remembered as the origin of its marbles. */
  readonly from: string;
  /** The most hops of a marble. One that has travelled further goes to the dead here. */
  readonly hopLimit: number;
  /** True for queues that go on to a yet higher run: their marbles land in the outbox. */
  readonly onward: (queue: string) => boolean;
}

/** The upper end, in the run that marbles arrive in. */
export class LaneTarget {
  /** @internal */
  constructor(
    private readonly connection: Replicated,
    private readonly keys: RunKeys,
  ) {}

  /**
   * Takes the transit unless it has it. With `doubt` comes the epoch that this run knows. Throws MR_TOO_FEW_REPLICAS: the
   * transit must then go again.
   */
  async land(transit: Transit, options: LandOptions): Promise<Landed> {
    const outputs = new OutputGroups();
    const arrivals = transit.entries.map((entry) => arrival(entry, options));
    for (const dead of [false, true]) outputs.add(arrivals.filter(({ kind }) => (kind === 'dead') === dead));
    const table = new LineTable(this.keys);
    const groups: ScriptArg[] = [];
    outputs.pushTo(groups, table);
    const args = {
      lane: transit.laneId,
      epoch: transit.epoch,
      number: transit.number,
      fingerprint: transit.fingerprint,
    };
    const large = new LargeOnes();
    large.send(arrivals);
    const data = large.any ? large.dataKeys(this.keys) : [];
    const lists = { moreKeys: table.keys.concat(data), moreArgs: [table.names.length, ...table.names, ...groups] };
    const [landing, knownEpoch, ...noList] = await this.connection.run((redis) => {
      const script = () => callScript(redis, this.keys, 'land', { args, ...lists });
      const place = { redis, keys: this.keys, large: large.sent };
      return large.any ? sendingLarge(place, script, ([word]) => word === 'absent') : script();
    });
    return { landing: landing as Landing, knownEpoch, noList };
  }
}

function arrival({ queue, envelope, large, data }: Entry, options: LandOptions): Output {
  const { from, hopLimit } = options;
  // the upper run has names of its own: two lower runs are not to mean one thing by one name
  const above = data && { name: newId(), bytes: data.length, data };
  let raised: ReturnType<typeof elevated>;
  try {
    raised = elevated(envelope, from, above);
  } catch {
    return { kind: 'dead', queue, envelope, reason: JSON.stringify({ why: 'unreadable', from }) };
  }
  const { hops, expedited } = raised;
  if (large && !data)
    return { kind: 'dead', queue, envelope: raised.envelope, reason: JSON.stringify({ why: 'data missing', from }) };
  if (hops > hopLimit) {
    const reason = JSON.stringify({ why: 'hop limit', hops, hopLimit, from });
    return { kind: 'dead', queue, envelope: raised.envelope, reason, large: above };
  }
  const [kind, first] = options.onward(queue) ? (['up', 'upFront'] as const) : (['back', 'front'] as const);
  return { kind: expedited ? first : kind, queue, envelope: raised.envelope, large: above };
}

function splitEntry(entry: Buffer): Entry {
  const space = entry.indexOf(32);
  return { queue: entry.toString('latin1', 0, space), envelope: entry.subarray(space + 1) };
}

/** The fingerprint of a transit: the same number with other content is not the same transit. */
export function fingerprintOf(entries: readonly Buffer[]): string {
  const lengths = entries.map(({ length }) => length).join();
  return createHash('sha1').update(lengths).update(Buffer.concat(entries)).digest('base64url');
}
