/**
 * A run as it should be: the promises of docs/PROTOCOL.md in plain arrays and maps, without Redis.
 *
 * The effects of the real scripts are compared with this after every move. It is written from the documents, one verb
 * after the other, and as simply as possible: where the two differ, one is wrong.
 */
import { BatchesModel } from './batch-model.js';
import type { FrozenModel } from './blocked-moves.js';
import { HeartsModel } from './heart-model.js';
import { HolderModel, type Delivery, type MarbleModel } from './holder-model.js';
import { groupBy, lineOf } from './lines.js';
import { compare } from './order.js';
import { WakesModel } from './wake-model.js';

export { groupBy, lineOf } from './lines.js';

export type Kind = 'back' | 'front' | 'up' | 'upFront' | 'later';

export interface OutputModel {
  readonly kind: Kind;
  readonly queue: string;
  readonly marble: MarbleModel;
  /** The delay: the larger it is, the later the marble is due. */
  readonly delay: number;
}

interface Waiting {
  readonly due: number;
  readonly serial: number;
  readonly side: 'f' | 'b';
  readonly queue: string;
  readonly marble: MarbleModel;
}

export interface LetterModel {
  readonly serial: number;
  readonly queue: string;
  readonly why: string;
  readonly marble: MarbleModel;
}

export class RunModel {
  /** Marbles by queue, the next one first. */
  readonly queues = new Map<string, MarbleModel[]>();
  readonly outboxes = new Map<string, MarbleModel[]>();
  later: Waiting[] = [];
  dead: LetterModel[] = [];
  /** The state by `<holder> <receipt>`. 0: abandoned; 1: its time is over; 2: its time is not over. */
  readonly deadlines = new Map<string, 0 | 1 | 2>();
  readonly counts = new Map<string, number>();
  /** Marbles whose large data somebody has deleted. */
  readonly withoutData = new Set<string>();
  readonly holders = new Map<string, HolderModel>();
  readonly batches = new BatchesModel(this);
  readonly hearts = new HeartsModel(this);
  readonly wakes = new WakesModel((queue) => lineOf(this.queues, queue).length === 0);
  #serial = 0;

  send(outputs: readonly OutputModel[]): void {
    for (const group of grouped(outputs)) {
      const { kind, queue, delay } = group[0]!;
      const marbles = group.map(({ marble }) => marble);
      if (kind === 'back' || kind === 'front') this.put(queue, kind, marbles);
      if (kind === 'up') lineOf(this.outboxes, queue).push(...marbles);
      if (kind === 'upFront') lineOf(this.outboxes, queue).unshift(...marbles);
      if (kind === 'later') for (const marble of marbles) this.#pushLater('b', queue, marble, delay);
      const isElevated = kind === 'up' || kind === 'upFront';
      this.count(queue, isElevated ? 'elevated' : 'sent', marbles.length);
      for (const marble of marbles) this.#isSent(marble, isElevated);
    }
  }

  /** Puts marbles into a queue in one step. */
  put(queue: string, side: 'back' | 'front', marbles: readonly MarbleModel[]): void {
    const line = lineOf(this.queues, queue);
    if (line.length === 0 && marbles.length > 0) this.wakes.awakens(queue);
    if (side === 'back') line.push(...marbles);
    else line.unshift(...marbles);
  }

  #isSent(marble: MarbleModel, isElevated: boolean): void {
    const batch = this.batches.of(marble);
    if (!batch) return;
    batch.sent++;
    if (isElevated) batch.elevated++;
  }

  /** All marbles that may still be worked on here. */
  *alive(): Generator<MarbleModel> {
    for (const line of this.queues.values()) yield* line;
    for (const { marble } of this.later) yield marble;
    for (const { held, inbox } of this.holders.values()) {
      for (const { marble } of held) yield marble;
      for (const line of inbox.values()) yield* line;
    }
  }

  /** Sends the marble for a batch that is complete; it is due at once. */
  pushThen(queue: string, marble: MarbleModel): void {
    this.#pushLater('b', queue, marble, 0);
    this.count(queue, 'sent', 1);
  }

  /** Drops delayed members of cancelled batches. */
  discard(): void {
    const isDropped = ({ marble }: Waiting) => this.batches.of(marble)?.cancelled === true;
    for (const { queue, marble } of this.later.filter(isDropped)) {
      this.batches.of(marble)!.dropped++;
      this.count(queue, 'taken', 1);
      this.count(queue, 'finished', 1);
    }
    this.later = this.later.filter((waiting) => !isDropped(waiting));
    this.batches.bookOwed();
  }

  destroy(queue: string): number {
    const gone = lineOf(this.queues, queue).splice(0);
    for (const marble of gone) {
      const batch = this.batches.of(marble);
      if (batch) batch.gone++;
    }
    this.count(queue, 'destroyed', gone.length);
    this.batches.bookOwed();
    return gone.length;
  }

  transfer(from: string, to: string): number {
    const moved = lineOf(this.queues, from).splice(0);
    this.put(to, 'back', moved);
    this.count(from, 'moved', moved.length);
    this.count(to, 'received', moved.length);
    return moved.length;
  }

  /** Removes these dead letters, as the retention does with those that are too many. */
  expire(letters: readonly LetterModel[]): void {
    this.dead = this.dead.filter((letter) => !letters.includes(letter));
    for (const letter of letters) {
      this.count(letter.queue, 'expired', 1);
      const batch = this.batches.of(letter.marble);
      if (batch) batch.gone++;
    }
    this.batches.bookOwed();
  }

  pop(queue: string, n: number): MarbleModel[] {
    const taken = lineOf(this.queues, queue).splice(0, n);
    this.count(queue, 'taken', taken.length);
    this.count(queue, 'finished', taken.length);
    this.batches.bookOwed();
    return taken;
  }

  /** Ends one more delivery without a finish. Returns the marble where that was the last one. */
  retryOrDie(queue: string, marble: MarbleModel, why: string, allowed: number): MarbleModel | undefined {
    const { attempt, max, suspicion } = marble;
    const raised: MarbleModel = { ...marble, attempt: attempt + 1, suspicion: why === 'failed' ? 0 : suspicion };
    const batch = this.batches.of(marble);
    if (batch) batch.failed++;
    if (raised.attempt < (max ?? allowed) && why !== 'data missing') return raised;
    this.dead.push({ serial: ++this.#serial, queue, why, marble: raised });
    this.count(queue, 'dead', 1);
    return undefined;
  }

  /** Gives a marble back: to the front, or after `delay`. */
  putBack(queue: string, marble: MarbleModel, delay: number): void {
    if (delay > 0) this.#pushLater('f', queue, marble, delay);
    else this.put(queue, 'front', [marble]);
  }

  sweep(maxAttempts: number): void {
    const silent = [...this.holders.values()].filter(({ entry }) => entry === 'expired');
    const overdue = [...this.deadlines].filter(([, when]) => when < 2);
    for (const holder of silent.sort((a, b) => a.expiredAt - b.expiredAt || compare(a.id, b.id)))
      this.reclaim(holder, 'dropped', maxAttempts);
    overdue.sort(([a, x], [b, y]) => x - y || compare(a, b));
    for (const [id, group] of groupBy(overdue, ([member]) => member.split(' ')[0]!)) {
      const receipts = group.map(([member, when]) => ({ receipt: member.split(' ')[1]!, when }));
      receipts.sort((a, b) => parseInt(b.receipt) - parseInt(a.receipt));
      const holder = this.holders.get(id)!;
      const late = receipts.filter(({ receipt, when }) => when === 1 && holder.has(receipt)).length;
      for (const { receipt, when } of receipts) this.#takeBack(holder, receipt, when && late, maxAttempts);
      this.batches.bookOwed();
    }
  }

  /** Puts back everything that a holder has, the last taken first, and forgets the holder. */
  reclaim(holder: HolderModel, mode: 'dropped' | 'released', maxAttempts: number): void {
    const waiting = holder.about?.waiting ?? '';
    const came = (holder.inbox.get(waiting) ?? []).map((marble) => ({ queue: waiting, marble, mayBegin: false }));
    for (const { queue } of came) this.count(queue, 'taken', 1);
    const held = [...holder.held].sort((a, b) => b.seq - a.seq).map((one) => ({ ...one, mayBegin: true }));
    for (const { mayBegin, ...delivery } of [...came, ...held]) {
      const { queue, marble } = delivery;
      this.count(queue, mode, 1);
      const uncharged =
        mode === 'released'
          ? marble
          : !mayBegin || (holder.about?.takesAhead && (holder.about.hasCompany || came.length + held.length > 1))
            ? suspected(delivery)
            : undefined;
      const again = uncharged ?? this.retryOrDie(queue, marble, 'dropped', holder.about?.maxAttempts ?? maxAttempts);
      if (again) this.putBack(queue, again, 0);
      if (again && mode === 'dropped') this.count(queue, 'returned', 1);
    }
    holder.inbox.delete(waiting);
    holder.forget();
    this.batches.bookOwed();
  }

  /** Releases a holder that leaves, or that has found itself forgotten. */
  release(holder: HolderModel): void {
    this.#enterOrphan(holder, holder.client.waitsOn);
    this.reclaim(holder, 'released', 1);
  }

  /** Puts back marbles that a blocked holder has not begun, unless it has gone on since it was frozen. */
  releaseUnbegun(holder: HolderModel, { begun, commands, mayBeInInbox }: FrozenModel): void {
    if (holder.lastNoted > commands) return;
    const waiting = holder.about?.waiting ?? '';
    const came = mayBeInInbox ? lineOf(holder.inbox, waiting).splice(0) : [];
    this.count(waiting, 'taken', came.length);
    const unbegun = holder.held.filter(({ seq }) => seq > begun).sort((a, b) => b.seq - a.seq);
    for (const { receipt } of unbegun) holder.drop(receipt);
    for (const { queue, marble } of [...came.map((marble) => ({ queue: waiting, marble })), ...unbegun]) {
      this.count(queue, 'released', 1);
      this.putBack(queue, marble, 0);
    }
  }

  findOrphans(): void {
    for (const holder of this.holders.values()) {
      const came = [...holder.inbox].find(([, marbles]) => marbles.length > 0)?.[0] ?? '';
      if (holder.hasTraces) this.#enterOrphan(holder, came);
    }
  }

  /** Promotes everything that was delayed by up to `delay`. */
  elapse(delay: number): void {
    const passes = ({ due }: Waiting) => due > 0 && due <= delay;
    this.later = this.later.map((waiting) => (passes(waiting) ? { ...waiting, due: waiting.due - 5 } : waiting));
    this.later.sort(byDue);
  }

  promote(): void {
    const due = this.later.filter((waiting) => waiting.due <= 0);
    this.later = this.later.filter((waiting) => waiting.due > 0);
    for (const { queue, side, marble } of due) {
      this.put(queue, side === 'b' ? 'back' : 'front', [marble]);
    }
  }

  settle(letter: LetterModel, requeue: boolean): void {
    this.dead = this.dead.filter((other) => other !== letter);
    if (!requeue) this.count(letter.queue, 'deleted', 1);
    if (requeue) this.put(letter.queue, 'back', [{ ...letter.marble, attempt: 0 }]);
    const batch = this.batches.of(letter.marble);
    if (batch && !requeue) batch.gone++;
    this.batches.bookOwed();
  }

  count(queue: string, event: string, n: number): void {
    if (n > 0) this.counts.set(`${queue} ${event}`, (this.counts.get(`${queue} ${event}`) ?? 0) + n);
  }

  /** Takes one back: of so many that are late together, or (0) because it was abandoned. */
  #takeBack(holder: HolderModel, receipt: string, late: number, maxAttempts: number): void {
    this.deadlines.delete(`${holder.id} ${receipt}`);
    const delivery = holder.drop(receipt);
    if (!delivery) return;
    const { queue, marble } = delivery;
    this.count(queue, 'dropped', 1);
    const why = late === 0 ? 'abandoned' : 'over its time limit';
    const uncharged = late > 1 && holder.about?.takesAhead ? suspected(delivery) : undefined;
    const again = uncharged ?? this.retryOrDie(queue, marble, why, holder.about?.maxAttempts ?? maxAttempts);
    if (!again) return;
    this.putBack(queue, again, 0);
    this.count(queue, 'returned', 1);
  }

  #enterOrphan(holder: HolderModel, waitedOn: string): void {
    if (holder.entry === 'none') Object.assign(holder, { entry: 'expired', expiredAt: 0 });
    if (waitedOn !== '') holder.about = { ...holder.about, waiting: holder.about?.waiting ?? waitedOn };
  }

  #pushLater(side: 'f' | 'b', queue: string, marble: MarbleModel, due: number): void {
    this.later.push({ due, serial: ++this.#serial, side, queue, marble });
    this.later.sort(byDue);
  }
}

/**
 * Returns the form in which a marble that may have ended its holder goes back, uncharged; undefined where it is the one
 * that did.
 */
function suspected({ marble, begun }: Pick<Delivery, 'marble' | 'begun'>): MarbleModel | undefined {
  if (begun === 'a') return undefined;
  if (begun === undefined && marble.suspicion > 0) return marble;
  return { ...marble, suspicion: marble.suspicion > 0 ? 2 : 1 };
}

const byDue = (a: Waiting, b: Waiting) => a.due - b.due || a.serial - b.serial;

/**
 * Groups outputs of one command by line: those to one line go together, in the order in which the lines first appear.
 */
function grouped(outputs: readonly OutputModel[]): OutputModel[][] {
  return [...groupBy(outputs, ({ kind, queue, delay }) => `${kind} ${queue} ${delay}`).values()];
}
