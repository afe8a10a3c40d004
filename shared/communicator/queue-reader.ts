/**
 * What there is of queues and outboxes, for people and metrics: read in steps of some hundred, which neither hold Redis up
 * nor fill the memory of who reads, however many there are. Reads only.
 *
 * What may go wrong: marbles move between two steps. The figures of one queue are of one moment, those of all are not.
 */
import type { Connection } from './connection.js';
import { decodeEnvelope } from './envelope.js';
import { isName, type RunKeys } from './keys.js';
import { timeMs } from './redis-time.js';
import { stepsOf } from './registry.js';
import { EVENTS, type QueueEvent, type QueueStatus } from './run-status.js';
import { callScript, type ScriptCall } from './scripts.js';

/** What waits for an Elevator. */
export type OutboxStatus = Pick<QueueStatus, 'queue' | 'depth' | 'oldestMs'>;

/** A script over so many queues takes Redis about a millisecond. */
const STEP = 200;

/** Of each list: its length, the header of its next marble, its counts. */
type Line = readonly [depth: number, header: string | null, counts: string];

export class QueueReader {
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Of all queues, also of those that have an outbox only; each once. One that comes meanwhile may be missing. */
  async *names(): AsyncGenerator<string[]> {
    const seen = new Set<string>();
    for (const registry of [this.keys.queues, this.keys.outboxes])
      for await (const some of stepsOf(this.connection, registry)) yield newOnes(some, seen);
  }

  /** Of outboxes; each once. */
  async *outboxNames(): AsyncGenerator<string[]> {
    const seen = new Set<string>();
    for await (const some of stepsOf(this.connection, this.keys.outboxes)) yield newOnes(some, seen);
  }

  /** Every queue, in no order. */
  async *queues(): AsyncGenerator<QueueStatus[]> {
    for await (const names of this.names()) yield await this.queuesNamed(names);
  }

  /** Every outbox, in no order. */
  async *outboxes(): AsyncGenerator<OutboxStatus[]> {
    for await (const names of this.outboxNames()) yield await this.#outboxesNamed(names);
  }

  /** What was counted of queues that are forgotten by now. */
  async countsOfForgotten(): Promise<QueueStatus['counts']> {
    const [nobody] = await this.queuesNamed(['']);
    return nobody!.counts;
  }

  /** In the order of the names. */
  async queuesNamed(names: readonly string[]): Promise<QueueStatus[]> {
    const { lines, now } = await this.#lines(names, this.keys.queue, EVENTS);
    return lines.map((line, i) => queueStatus(names[i]!, line, now));
  }

  async #outboxesNamed(names: readonly string[]): Promise<OutboxStatus[]> {
    const { lines, now } = await this.#lines(names, this.keys.outbox, []);
    return lines.map(([depth, header], i) => ({ queue: names[i]!, depth, oldestMs: waitedMs(header, now) }));
  }

  /** All in one round trip. */
  async #lines(names: readonly string[], keyOf: (name: string) => string, events: readonly string[]) {
    const calls: ScriptCall<'lines'>[] = [];
    for (let i = 0; i < names.length; i += STEP) {
      const some = names.slice(i, i + STEP);
      calls.push({ moreKeys: some.map(keyOf), moreArgs: [events.length, ...events, ...some] });
    }
    const [now, ...replies] = await this.connection.run((redis) =>
      Promise.all([timeMs(redis), ...calls.map((call) => callScript(redis, this.keys, 'lines', call))]),
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

/** Allowed names that have not been seen; names them as seen. */
function newOnes(names: readonly string[], seen: Set<string>): string[] {
  return names.filter((name) => isName('queue', name) && seen.size < seen.add(name).size);
}

function waitedMs(header: string | null, now: number): number {
  if (header === null) return 0;
  try {
    return Math.max(0, now - decodeEnvelope(Buffer.from(header)).sentAt);
  } catch {
    return 0; // no envelope: whoever takes it buries it
  }
}

function queueStatus(queue: string, [depth, header, text]: Line, now: number): QueueStatus {
  const values = text.split(' ');
  const counts = Object.fromEntries(EVENTS.map((event, i) => [event, Number(values[i])])) as Record<QueueEvent, number>;
  const held = Math.max(0, counts.taken - counts.finished - counts.failed - counts.dropped - counts.released);
  return { queue, depth, held, oldestMs: waitedMs(header, now), counts };
}
