/**
 * Looks at the two runs from outside, past the proxies: who is late, whether all is drained, what remains.
 */
import { until } from '@marblerun/test-support';
import { keysOf } from '@marblerun/internal';
import { lookAtBatches } from './batches/look.js';
import type { Remains } from './checker.js';
import type { Historian } from './history.js';
import { ELEVATED, LEASE_MS, QUEUES } from './plan.js';
import type { Side as WholeSide } from './stage.js';

type Side = Pick<WholeSide, 'run' | 'hand'>;
const { CHAOS_DRAIN_SECONDS = '60' } = process.env;

type Run = keyof typeof QUEUES;
const queuesOf = (run: string) => QUEUES[run as Run];

/** Writes down every holder whose lease passed too long ago. */
export class LateWatch {
  readonly #unknownSince = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  /** `recoveryMs`: what is too long. */
  constructor(
    sides: readonly Side[],
    history: Historian,
    private readonly recoveryMs: number,
  ) {
    this.#timer = setInterval(() => {
      for (const side of sides) void this.#look(side, history).catch(() => undefined); // Redis is away: then nothing is seen
    }, 250);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look({ run, hand }: Side, history: Historian): Promise<void> {
    const until = Date.now() - this.recoveryMs;
    const flat = await hand.zrangebyscore(keysOf(run).holders, '-inf', until, 'WITHSCORES');
    for (let i = 0; i < flat.length; i += 2) {
      const [holder, score] = [flat[i]!, Number(flat[i + 1])];
      if (score > 0) history.write({ e: 'late', run, holder, since: score });
      else history.write({ e: 'late', run, holder, since: this.#sinceSeen(`${run} ${holder}`) });
    }
    const silent = new Set(flat.map((holder) => `${run} ${holder}`));
    for (const name of this.#unknownSince.keys())
      if (name.startsWith(`${run} `) && !silent.has(name)) this.#unknownSince.delete(name);
  }

  /** A lease that was ended by hand, or found without an entry, has no time: it counts from when it is first seen. */
  #sinceSeen(name: string): number {
    const since = this.#unknownSince.get(name) ?? Date.now();
    this.#unknownSince.set(name, since);
    return since;
  }
}

/** Counts what still waits, is held, delayed or on its way, and open batches. Empty when all is drained. */
export async function backlog({ run, hand }: Side): Promise<Record<string, number>> {
  const keys = keysOf(run);
  const lists = [...queuesOf(run).map(keys.queue), ...ELEVATED.map(keys.outbox), keys.transit('up')];
  const lengths: [string, number][] = [];
  for (const list of lists) lengths.push([list, await hand.llen(list)]);
  lengths.push([keys.later, await hand.zcard(keys.later)]);
  lengths.push([keys.batchends, await hand.zcount(keys.batchends, '+inf', '+inf')]);
  for (const holder of await hand.zrange(keys.holders, '0', '-1')) {
    lengths.push([keys.held(holder), Math.max(0, (await hand.hlen(keys.held(holder))) - 1)]);
    for (const queue of queuesOf(run))
      lengths.push([keys.inbox(holder, queue), await hand.llen(keys.inbox(holder, queue))]);
  }
  return Object.fromEntries(lengths.filter(([, n]) => n > 0));
}

/** Nothing waits, three times in a row, or it has not become less for long. What never drains is named by the checker. */
export async function drained(sides: readonly Side[]): Promise<void> {
  let still = 0;
  let least = Infinity;
  let lessAt = Date.now();
  await until(
    'all is drained',
    async () => {
      const lists = (await Promise.all(sides.map(backlog))).flatMap((list) => Object.values(list));
      const left = lists.reduce((sum, n) => sum + n, 0);
      if (left < least) [least, lessAt] = [left, Date.now()];
      still = left === 0 ? still + 1 : 0;
      return still >= 3 || Date.now() - lessAt > Number(CHAOS_DRAIN_SECONDS) * 1000;
    },
    { deadlineMs: 600_000, everyMs: 200 },
  );
}

/** Waits until all holders have left. The checker names those that do not. */
export async function noHolders(sides: readonly Side[]): Promise<void> {
  const holders = ({ run, hand }: Side) => hand.zcard(keysOf(run).holders);
  await until('no holder is left', async () => (await Promise.all(sides.map(holders))).every((n) => n === 0), {
    deadlineMs: 10 * LEASE_MS,
  }).catch(() => undefined);
}

export async function remains({ run, hand }: Side): Promise<Remains> {
  const keys = keysOf(run);
  const waiting: { q: string; id: string }[] = [];
  for (const q of queuesOf(run))
    for (const envelope of await hand.lrange(keys.queue(q), 0, -1)) waiting.push({ q, id: idOf(envelope) });
  for (const q of ELEVATED)
    for (const envelope of await hand.lrange(keys.outbox(q), 0, -1)) waiting.push({ q, id: idOf(envelope) });
  for (const entry of await hand.lrange(keys.transit('up'), 0, -1)) {
    const [q = '', id = ''] = entry.split(' ', 2);
    waiting.push({ q, id });
  }
  const dead = Object.values(await hand.hgetall(keys.letters)).map(readLetter);
  const counts = Object.entries(await hand.hgetall(keys.counts)).map(([field, n]) => [field, Number(n)] as const);
  const batches = await lookAtBatches(hand, run);
  return { run, waiting, dead, counts: Object.fromEntries(counts), left: await leftBehind(run, hand), batches };
}

const idOf = (envelope: string) => envelope.split(' ', 1)[0]!;

function readLetter(letter: string): Remains['dead'][number] {
  const [about = '', envelope = ''] = letter.split('\n');
  const { queue, reason } = JSON.parse(about) as { queue: string; reason: { why?: string } };
  return { q: queue, id: idOf(envelope), why: reason.why ?? '', member: / B=(\S+)/.exec(envelope)?.[1] };
}

/** Bounds: each Monitor that was started leaves a note, the clock has the last time seen and what belongs to it. */
const MOST_MONITORS = 1000;
const MOST_CLOCK_FIELDS = 8;
/** Hearts of processes that ended while their Redis was away: an hour's. */
const MOST_HEARTS = 1000;
/** Holders of the last second that were given up with a marble over its limit. */
const MOST_OVERRAN = 100;

/** Keys that a run without work may have: all others are left behind. */
async function leftBehind(run: string, hand: Side['hand']): Promise<string[]> {
  const keys = keysOf(run);
  const fine = [
    keys.layout,
    keys.queues,
    keys.outboxes,
    keys.counts,
    keys.serial,
    keys.clock,
    keys.monitors,
    keys.hearts,
    keys.overran,
    keys.dead,
    keys.letters,
    keys.landed,
    keys.lane('up'),
    ...[keys.watched, ...queuesOf(run).map(keys.wake)], // at most one wake-up for each queue
    ...[keys.batches, keys.batchdead, keys.children, keys.batchends], // these hold what is recounted
  ];
  const all = await hand.keys(`mr:{${run}}:*`);
  const isOwn = (key: string) => [keys.sender(''), keys.data('')].some((prefix) => key.startsWith(prefix));
  const left = all.filter((key) => !fine.includes(key) && !isOwn(key));
  left.push(...(await misplacedData(run, hand)));
  for (const key of all.filter((key) => key.startsWith(keys.sender(''))))
    if ((await hand.pttl(key)) < 0) left.push(`${key} never expires`);
  // One that was killed leaves its note for an hour: so many were started at the most.
  if ((await hand.zcard(keys.monitors)) > MOST_MONITORS) left.push(`${keys.monitors} grows`);
  if ((await hand.hlen(keys.hearts)) > MOST_HEARTS) left.push(`${keys.hearts} grows`);
  if ((await hand.zcard(keys.overran)) > MOST_OVERRAN) left.push(`${keys.overran} grows`);
  if ((await hand.hlen(keys.clock)) > MOST_CLOCK_FIELDS) left.push(`${keys.clock} grows`);
  if ((await hand.zcard(keys.outboxes)) > 0) left.push(`${keys.outboxes} names an empty outbox`);
  return left;
}

/** Large data that nothing refers to and that do not go by themselves; and data of the dead that are not there. */
async function misplacedData(run: string, hand: Side['hand']): Promise<string[]> {
  const keys = keysOf(run);
  const letters = (await hand.hvals(keys.letters)).join('\n');
  const named = new Set([...letters.matchAll(/ D=([^/\s]+)\/\d+/g)].map(([, name]) => keys.data(name!)));
  const wrong: string[] = [];
  for (const key of await hand.keys(keys.data('*'))) {
    if ((await hand.pttl(key)) === -1 && !named.has(key)) wrong.push(`${key} has no marble`);
  }
  for (const key of named) if ((await hand.pttl(key)) !== -1) wrong.push(`${key} is missing, or will be`);
  return wrong;
}
