/**
 * Proves what is promised of batches over a whole history and what is left in Redis after draining. Pure: no I/O.
 *
 * It rests on the same as `../checker.ts`: deliveries are written down before they are worked on. Who sends, works or
 * finishes writes the batch's name beside the marble. docs/CHAOS.md says why each rule is sound.
 */
import { nameOf, type Remains, type Violation } from '../checker.js';
import type { Entry } from '../history.js';
import { recount, sums, type BatchSeen, type BatchesSeen, type MemberQueues } from './recount.js';

type Got = Extract<Entry, { e: 'got' }>;

/** So few that are complete, or so few looks, would prove nothing. */
const LEAST = 5;

export function checkBatches(history: readonly Entry[], remains: Remains, queues: MemberQueues): Violation[] {
  const { batches: seen, run, dead } = remains;
  if (!seen) return [];
  const stories = new Stories(history, run, dead, seen);
  const miscounts = history.flatMap((entry) => (entry.e === 'miscount' ? [`at ${entry.t}: ${entry.what}`] : []));
  return [
    ...[...miscounts, ...recount(seen), ...sums(seen, queues)].map((what) => violation('recount', what)),
    ...stories.lost(),
    ...seen.batches.flatMap((batch) => [
      ...unkept(batch, stories.of(batch)),
      ...counted(batch, seen.batches, stories),
      ...then(batch, stories),
    ]),
    ...idle(history, seen),
  ];
}

const violation = (rule: Violation['rule'], what: string): Violation => ({ rule, what });

/** All that is written of one batch. */
class Story {
  id = '';
  isSealed = false;
  isCancelled = false;
  /** It may have been complete, and open again after that. */
  isReopened = false;
  /** How often its `then` may have been asked for again. */
  refires = 0;
  readonly acknowledged = new Set<string>();
  /** Members that have existed: sent, delivered, or dead. */
  readonly known = new Set<string>();
  readonly got = new Map<string, Got[]>();
  /** Member → the attempt of which the finish was acknowledged. */
  readonly finished = new Map<string, number>();
  /** Members that were dead letters. */
  readonly died = new Set<string>();
  readonly thens: Got[] = [];
}

class Stories {
  readonly #all = new Map<string, Story>();
  readonly #batchOf = new Map<string, string>();
  readonly #byId: ReadonlyMap<string, BatchSeen>;

  constructor(
    history: readonly Entry[],
    readonly run: string,
    dead: Remains['dead'],
    { batches }: BatchesSeen,
  ) {
    this.#byId = new Map(batches.map((batch) => [batch.id, batch]));
    for (const entry of history) this.#tell(entry);
    for (const entry of history) this.#tellFinish(entry); // of which other entries say the batch
    for (const marble of dead) {
      const batch = marble.member === undefined ? undefined : this.#byId.get(marble.member);
      if (batch) this.#member(this.of(batch), { run, ...marble }).died.add(nameOf({ run, ...marble }));
    }
    for (const batch of batches) if (this.of(batch).isReopened) this.#reopenAbove(batch);
  }

  of({ name }: { readonly name: string }): Story {
    let story = this.#all.get(name);
    if (!story) this.#all.set(name, (story = new Story()));
    return story;
  }

  parentOf({ parent }: BatchSeen): BatchSeen | undefined {
    return parent === undefined ? undefined : this.#byId.get(parent);
  }

  /** Opened, as acknowledged, and not there. */
  lost(): Violation[] {
    return [...this.#all].flatMap(([name, { id }]) =>
      id === '' || this.#byId.has(id) ? [] : [violation('lost', `batch ${name} (${id}) was opened and is not there`)],
    );
  }

  #tell(entry: Entry): void {
    if (entry.e === 'got' && entry.of !== undefined) this.of({ name: entry.of }).thens.push(entry);
    if (entry.e === 'refire') this.of({ name: entry.of }).refires++;
    if (!('batch' in entry) || entry.batch === undefined) return;
    const story = this.of({ name: entry.batch });
    if (entry.e === 'opened') story.id = entry.id;
    else if (entry.e === 'sealed') story.isSealed = true;
    else if (entry.e === 'cancelled') story.isCancelled = true;
    else if (entry.e === 'reopen') story.isReopened = true;
    else if (entry.e === 'sent') this.#member(story, entry).acknowledged.add(nameOf(entry));
    else if (entry.e === 'settle') this.#member(story, entry).died.add(nameOf(entry));
    else if (entry.e === 'got') {
      const name = nameOf(entry);
      const before = this.#member(story, entry).got.get(name);
      if (before) before.push(entry);
      else story.got.set(name, [entry]);
      this.#batchOf.set(name, entry.batch);
    }
  }

  #tellFinish(entry: Entry): void {
    if (entry.e !== 'finished') return;
    const batch = this.#batchOf.get(nameOf(entry));
    if (batch !== undefined) this.of({ name: batch }).finished.set(nameOf(entry), entry.attempt);
  }

  #member(story: Story, marble: Parameters<typeof nameOf>[0]): Story {
    story.known.add(nameOf(marble));
    return story;
  }

  #reopenAbove(batch: BatchSeen): void {
    for (let above = this.parentOf(batch); above; above = this.parentOf(above)) this.of(above).isReopened = true;
  }
}

/** Nothing is left, so it is complete; and what was acknowledged is so. */
function unkept({ name, sealed, cancelled, done, left, dead }: BatchSeen, story: Story): Violation[] {
  const found: Violation[] = [];
  if (!done) {
    const how = `${sealed ? 'sealed' : 'not sealed'}, ${left} left, ${dead} dead`;
    found.push(violation('incomplete', `batch ${name} is not complete after draining: ${how}`));
  }
  if (story.isSealed && !sealed) found.push(violation('lost', `batch ${name}: its seal was acknowledged`));
  if (story.isCancelled && !cancelled) found.push(violation('lost', `batch ${name}: its cancel was acknowledged`));
  return found;
}

/** Compares its numbers with the members that are known by name. Only what a cancel dropped may have been seen by nobody. */
function counted(batch: BatchSeen, all: readonly BatchSeen[], stories: Stories): Violation[] {
  const { acknowledged, known, finished } = stories.of(batch);
  const { name, sent, dead, gone, dropped, left, sealed, cancelled } = batch;
  const inner = all.filter(({ parent }) => parent === batch.id);
  const own = sent - inner.length;
  const over = sent - dead - gone - dropped - left + (sealed ? 0 : 1);
  const again = inner.reduce((sum, one) => sum + stories.of(one).refires, 0);
  const most = known.size + again + (cancelled ? dropped : 0);
  const found: Violation[] = [];
  if (acknowledged.size > own)
    found.push(violation('acknowledged', `batch ${name}: ${acknowledged.size} sends, of which sent has ${own}`));
  if (own < known.size || own > most)
    found.push(
      violation('recount', `batch ${name}: sent has ${own} marbles, known by name are ${known.size} to ${most}`),
    );
  if (finished.size > over)
    found.push(
      violation('recount', `batch ${name}: ${finished.size} finishes were acknowledged, its numbers have ${over}`),
    );
  return found;
}

/** `then` came, with the one id that it may have, and not before the last member was worked on. */
function then(batch: BatchSeen, stories: Stories): Violation[] {
  const { id, name, done } = batch;
  const story = stories.of(batch);
  if (batch.then === undefined) return [];
  const others = new Set(story.thens.map((got) => got.id).filter((got) => got !== `${id}.then`));
  const found = [...others].map((other) => violation('then', `batch ${name} (${id}): then came with the id ${other}`));
  const mayBeDropped = stories.parentOf(batch)?.cancelled === true;
  if (done && story.thens.length === 0 && !mayBeDropped)
    found.push(violation('then', `batch ${name} is complete, and its then never came`));
  if (story.isReopened || story.thens.length === 0) return found;
  if (!done) found.push(violation('then', `batch ${name} is not complete, and its then came`));
  const first = Math.min(...story.thens.map(({ t }) => t));
  for (const [member, deliveries] of story.got) {
    if (deliveries[0]!.run !== stories.run) continue; // its batch was done with it when it left this run
    const attempt = finishedAttempt(member, deliveries, batch, story);
    const began = Math.min(...deliveries.filter((got) => got.attempt === attempt).map(({ t }) => t));
    if (attempt !== undefined && began > first)
      found.push(violation('then', `batch ${name}: then came at ${first}, and ${member} was begun at ${began}`));
  }
  return found;
}

/**
 * The attempt that was finished; undefined where that is not known: who was stopped before it wrote down what it got may write
 * it late, when the marble has died or was dropped meanwhile. Of one that was finished, that delivery was written before.
 */
function finishedAttempt(member: string, deliveries: readonly Got[], { cancelled }: BatchSeen, story: Story) {
  const acknowledged = story.finished.get(member);
  if (acknowledged !== undefined || cancelled || story.died.has(member)) return acknowledged;
  return Math.max(...deliveries.map(({ attempt }) => attempt));
}

function idle(history: readonly Entry[], { batches }: BatchesSeen): Violation[] {
  const complete = batches.filter(({ done }) => done).length;
  const looks = history.filter((entry) => entry.e === 'recount' && entry.batches > 0).length;
  const found: Violation[] = [];
  if (complete < LEAST) found.push(violation('idle', `only ${complete} batches are complete`));
  if (looks < LEAST)
    found.push(violation('idle', `batches were recounted only ${looks} times while they were worked on`));
  return found;
}
