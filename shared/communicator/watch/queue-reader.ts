/**
 * Reads what there is of queues and outboxes, for people and metrics. It goes in steps of some hundred, which neither
 * hold Redis up nor fill the memory of the reader, however many there are. Reads only.
 *
 * What may go wrong: marbles move between two steps. The figures of one queue are of one moment; the figures of all are
 * not.
 */
import type { Connection } from '../redis/connection.js';
import { decodeEnvelope } from '../data/envelope.js';
import { isName, type RunKeys } from '../redis/keys.js';
import { timeMs } from '../redis/redis-time.js';
import { stepsOf } from './registry.js';
import { EVENTS, type QueueEvent, type QueueStatus } from './run-status.js';
import { callScript, type ScriptCall } from '../redis/scripts.js';

/** A queue's marbles that wait for an Elevator. */
export type OutboxStatus = Pick<QueueStatus, 'queue' | 'depth' | 'oldestMs'>;

/** How many queues a script reads at once. It takes Redis about a millisecond. */
const STEP = 200;

/** A list: its length, the header of its next marble, its counts. */
type Line = readonly [depth: number, header: string | null, counts: string];

export class QueueReader {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Names all queues, each once, including those that have only an outbox. One that comes meanwhile may be missing. */
  async *names(): AsyncGenerator<string[]> {
    const seen = new Set<string>();
    for (const registry of [this.keys.queues, this.keys.outboxes])
      for await (const some of stepsOf(this.connection, registry)) yield newOnes(some, seen);
  }

  /** Names the queues that have an outbox, each once. */
  async *outboxNames(): AsyncGenerator<string[]> {
    const seen = new Set<string>();
    for await (const some of stepsOf(this.connection, this.keys.outboxes)) yield newOnes(some, seen);
  }

  /** Reads every queue, in no order. */
  async *queues(): AsyncGenerator<QueueStatus[]> {
    for await (const names of this.names()) yield await this.queuesNamed(names);
  }

  /** Reads every outbox, in no order. */
  async *outboxes(): AsyncGenerator<OutboxStatus[]> {
    for await (const names of this.outboxNames()) yield await this.#outboxesNamed(names);
  }

  /** Sums the counts of queues that are forgotten by now. */
  async countsOfForgotten(): Promise<QueueStatus['counts']> {
    const [nobody] = await this.queuesNamed(['']);
    return nobody!.counts;
  }

  /** Reads queues, in the order of the names. */
  async queuesNamed(names: readonly string[]): Promise<QueueStatus[]> {
    const { lines, now } = await this.#lines(names, this.keys.queue, EVENTS);
    return lines.map((line, i) => queueStatus(names[i]!, line, now));
  }

  async #outboxesNamed(names: readonly string[]): Promise<OutboxStatus[]> {
    const { lines, now } = await this.#lines(names, this.keys.outbox, []);
    return lines.map(([depth, header], i) => ({ queue: names[i]!, depth, oldestMs: waitedMs(header, now) }));
  }

  /** Reads all lines in one round trip. */
  async #lines(names: readonly string[], keyOf: (name: string) => string, events: readonly string[]) {
    const calls: ScriptCall<'depths'>[] = [];
    for (let i = 0; i < names.length; i += STEP) {
      const some = names.slice(i, i + STEP);
      calls.push({ moreKeys: some.map(keyOf), moreArgs: [events.length, ...events, ...some] });
    }
    const [now, ...replies] = await this.connection.run((redis) =>
      Promise.all([timeMs(redis), ...calls.map((call) => callScript(redis, this.keys, 'depths', call))]),
    );
    return { now, lines: linesOf(replies.flat()) };
  }
}

function linesOf(flat: readonly (number | string | null)[]): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < flat.length; i += 3) {
    const [depth, header, counts] = flat.slice(i, i + 3);
    lines.push([Number(depth), typeof header === 'string' ? header : null, String(counts)]);
  }
  return lines;
}

/** Picks the allowed names that have not been seen, and notes that they have been. */
function newOnes(names: readonly string[], seen: Set<string>): string[] {
  return names.filter((name) => isName('queue', name) && seen.size < seen.add(name).size);
}

function waitedMs(header: string | null, now: number): number {
  if (header === null) return 0;
  try {
    return Math.max(0, now - decodeEnvelope(Buffer.from(header)).sentAt);
  } catch {
    return 0; // not an envelope: it goes to the dead with whoever takes it
  }
}

function queueStatus(queue: string, [depth, header, text]: Line, now: number): QueueStatus {
  const values = text.split(' ');
  const counts = Object.fromEntries(EVENTS.map((event, i) => [event, Number(values[i])])) as Record<QueueEvent, number>;
  const held = Math.max(0, counts.taken - counts.finished - counts.failed - counts.dropped - counts.released);
  return { queue, depth, held, oldestMs: waitedMs(header, now), counts };
}
