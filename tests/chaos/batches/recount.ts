/**
 * Recounts batches from all that is in Redis at one moment: what each says of itself must be what is there. Pure: no I/O.
 *
 * Sound at any moment, in a storm too: scripts book in the step in which they move, and a look is one step as well. Nobody
 * can tell where members are that were elevated, so it is for batches that are done with them (`elevated: 'done'`).
 */

/** Fields of one batch. */
export interface BatchSeen {
  readonly id: string;
  readonly name: string;
  readonly onDead: 'wait' | 'continue' | 'cancel';
  readonly maxDead: number | string | undefined;
  /** The id of the batch that it is in. */
  readonly parent: string | undefined;
  /** The queue of its `then`. */
  readonly then: string | undefined;
  /** Redis's own number: with one more until it is sealed. */
  readonly left: number;
  readonly sent: number;
  readonly dead: number;
  readonly gone: number;
  /** Members that were dropped because it was cancelled. */
  readonly dropped: number;
  readonly surplus: number;
  readonly sealed: boolean;
  readonly cancelled: boolean;
  readonly done: boolean;
  readonly fired: boolean;
}

/** All that there is of batches at one moment. */
export interface BatchesSeen {
  readonly batches: readonly BatchSeen[];
  /** Id of the batch → its members in queues, inboxes, held and delayed. */
  readonly alive: ReadonlyMap<string, number>;
  /** The same of letters. */
  readonly letters: ReadonlyMap<string, number>;
  /** Contents of the lists beside the batches: dead members of each, `<batch> <batch in it>`, cancelled ones, open ones. */
  readonly listedDead: ReadonlyMap<string, number>;
  readonly children: readonly string[];
  readonly cancelled: readonly string[];
  readonly open: readonly string[];
  /** `<queue> <event>` → how often. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface MemberQueues {
  /** Nothing else is in them. */
  readonly queues: readonly string[];
  /** Queues of the run above to which nothing but members is elevated. */
  readonly elevated: readonly string[];
}

/** Tells what is wrong, in words. */
export function recount(seen: BatchesSeen): string[] {
  return [...seen.batches.flatMap((batch) => recountOne(batch, seen)), ...listed(seen)];
}

/**
 * Tells what must not be after a script that failed half-way either, though marbles may be there twice then: a batch that waits
 * for what is not there, one that does not wait for a batch in it, one that is cancelled by half.
 */
export function misled(seen: BatchesSeen): string[] {
  return seen.batches.flatMap((batch) => {
    const { left, inner, dead, isOver } = thereOf(batch, seen);
    const { id, name, done, cancelled, sealed } = batch;
    const least = inner + (sealed ? 0 : 1);
    return [
      ...(batch.left < least ? [`batch ${name}: left is ${batch.left}, and ${least} by the batches in it`] : []),
      ...(cancelled && !sealed ? [`batch ${name}: it is cancelled and not sealed`] : []),
      ...(!cancelled && seen.cancelled.includes(id) ? [`batch ${name} is listed as cancelled, and is not`] : []),
      ...(batch.left > left ? [`batch ${name}: left is ${batch.left}, and ${left} by what is there`] : []),
      ...(batch.dead > dead ? [`batch ${name}: dead is ${batch.dead}, and ${dead} by what is there`] : []),
      ...(isOver && !done ? [`batch ${name} is not complete, and nothing is left`] : []),
    ];
  });
}

function thereOf({ id, onDead, sealed, cancelled }: BatchSeen, { batches, alive, letters }: BatchesSeen) {
  const inner = batches.filter(({ parent, done }) => parent === id && !done).length;
  const left = (alive.get(id) ?? 0) + inner + (sealed ? 0 : 1);
  const dead = letters.get(id) ?? 0;
  return { left, inner, dead, isOver: sealed && left === 0 && (dead === 0 || onDead !== 'wait' || cancelled) };
}

function recountOne(batch: BatchSeen, seen: BatchesSeen): string[] {
  const { id, name, sealed, cancelled, done } = batch;
  const { left, dead, isOver } = thereOf(batch, seen);
  const differ = (what: string, says: number | boolean, there: number | boolean) =>
    says === there ? [] : [`batch ${name}: ${what} is ${says}, and ${there} by what is there`];
  return [
    ...differ('left', batch.left, left),
    ...differ('dead', batch.dead, dead),
    ...differ('the number of its dead that are listed', seen.listedDead.get(id) ?? 0, dead),
    ...differ('surplus', batch.surplus, 0),
    ...differ('done', done, isOver),
    ...(cancelled && !sealed ? [`batch ${name}: it is cancelled and not sealed`] : []),
    ...(!cancelled && isTooMany(dead, batch) ? [`batch ${name}: ${dead} are dead, and it is not cancelled`] : []),
  ];
}

/** A share is one of all that was sent, and judged from the seal on. */
function isTooMany(dead: number, { onDead, maxDead, sent, sealed }: BatchSeen): boolean {
  if (onDead === 'cancel' && dead > 0) return true;
  if (typeof maxDead === 'string') return sealed && dead > (sent * parseFloat(maxDead)) / 100;
  return maxDead !== undefined && dead > maxDead;
}

/** Compares the lists beside the batches with these. */
function listed({ batches, children, cancelled, open }: BatchesSeen): string[] {
  const ids = (those: readonly BatchSeen[]) => those.map(({ id }) => id);
  const within = batches.flatMap(({ id, parent }) => (parent === undefined ? [] : [`${parent} ${id}`]));
  return [
    ...differing('open', open, ids(batches.filter(({ done }) => !done))),
    ...differing('cancelled and not complete', cancelled, ids(batches.filter((one) => one.cancelled && !one.done))),
    ...differing('in another', children, within),
  ];
}

function differing(what: string, list: readonly string[], those: readonly string[]): string[] {
  const [listed, there] = [new Set(list), new Set(those)];
  return [
    ...list.filter((id) => !there.has(id)).map((id) => `batch ${id} is listed as ${what}, and is not`),
    ...those.filter((id) => !listed.has(id)).map((id) => `batch ${id} is ${what}, and is not listed`),
  ];
}

/** Compares what all batches say together with what is counted of the queues of their members. */
export function sums({ batches, counts }: BatchesSeen, { queues, elevated }: MemberQueues): string[] {
  const counted = (names: readonly string[], ...events: string[]) =>
    names.reduce((sum, q) => sum + events.reduce((all, event) => all + (counts.get(`${q} ${event}`) ?? 0), 0), 0);
  const sum = (of: (batch: BatchSeen) => number) => batches.reduce((all, batch) => all + of(batch), 0);
  const inner = batches.filter(({ parent }) => parent !== undefined);
  const up = counted(elevated, 'elevated');
  const alive = ({ left, sealed }: BatchSeen) => left - (sealed ? 0 : 1);
  const over = (batch: BatchSeen) => batch.sent - alive(batch) - batch.dead - batch.gone;
  const differ = (what: string, says: number, there: number) =>
    says === there ? [] : [`all batches together: ${what} is ${says}, and ${there} by what is counted of the queues`];
  return [
    ...differ(
      'sent',
      sum(({ sent }) => sent),
      counted(queues, 'sent') + up + inner.length,
    ),
    ...differ(
      'gone',
      sum(({ gone }) => gone),
      counted(queues, 'deleted', 'expired', 'destroyed'),
    ),
    ...differ(
      'finished or dropped',
      sum(over),
      counted(queues, 'finished') + up + inner.filter(({ done }) => done).length,
    ),
  ];
}

export function add(counts: Map<string, number>, name: string, n: number): void {
  counts.set(name, (counts.get(name) ?? 0) + n);
}
