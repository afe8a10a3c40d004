/**
 * Opens, seals, cancels, shows and forgets batches. The scripts that move their members keep the books
 * (`lua/lib/batches.lua`).
 *
 * Every step may be repeated. What may go wrong: a cancel is cut off between a batch and the batches in it, or before
 * all delayed members are dropped. A Monitor then does the rest (`tidy`).
 */
import { randomBytes } from 'node:crypto';
import { MarbleRunError } from '../../errors.js';
import { batchClosed } from './batch-errors.js';
import { readAbout, readState, writeAbout, type BatchAbout, type BatchState } from './batch-state.js';
import type { Connection } from '../redis/connection.js';
import { newId } from '../data/envelope.js';
import { KnownData } from '../data/known-data.js';
import type { RunKeys } from '../redis/keys.js';
import { openBatches, type OpenBatch } from './open-batches.js';
import { callScript, type ScriptCall, type ScriptName, type ScriptReply } from '../redis/scripts.js';

export interface BatchToOpen {
  readonly about: BatchAbout;
  /** The id of the batch that the new one is a member of. */
  readonly parent: string | undefined;
  /** The envelope of its `then`, without an id. */
  readonly then: string | Buffer | undefined;
}

export interface OpenedBatch {
  readonly id: string;
  /** True where the batch existed already. */
  readonly joined: boolean;
  readonly about: BatchAbout;
}

export interface Tidied {
  /** Delayed members of cancelled batches that were dropped. */
  readonly discarded: number;
  /** Batches that were forgotten. */
  readonly forgotten: number;
}

const STEP = { children: 500, delayed: 1000, forgotten: 100, looks: 200, dead: 500 } as const;
/** How long until a batch that is over, but still has dead members, is looked at again. */
const KEPT_MS = 3_600_000;

export class Batches {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Opens a batch, or joins the batch of that name where there is one, whatever its settings. */
  async open({ about, parent = '', then = '' }: BatchToOpen): Promise<OpenedBatch> {
    const chance = randomBytes(2).toString('base64url').slice(0, 2);
    const args = { name: about.name, token: newId(), chance, parent, about: writeAbout(about), rest: then };
    const reply = await this.#script('open', { args });
    if (reply[0] !== 'opened' && reply[0] !== 'joined') throw batchClosed([reply[1], reply[0]]);
    const [status, id, known] = reply;
    return { id, joined: status === 'joined', about: readAbout(known) };
  }

  /**
   * Closes the batch to sends from outside. Throws MR_NOT_FOUND, or MR_BATCH_SHORT where fewer than `expected` were
   * sent.
   */
  async seal(id: string, expected?: number): Promise<void> {
    const reply = await this.#script('seal', { args: { id, expected: expected ?? '' } });
    if (reply[0] === 'unknown') throw batchClosed([id, reply[0]]);
    if (reply[0] !== 'short') return;
    const what = `batch ${id}: it has only ${reply[1]} of at least ${expected} marbles; it is not sealed`;
    throw new MarbleRunError('MR_BATCH_SHORT', what);
  }

  /** Cancels the batch with all that is in it. False where it is complete. Throws MR_NOT_FOUND. */
  async cancel(id: string, reason: string): Promise<boolean> {
    if (!(await this.#cancel(id, reason))) return false;
    await this.discard();
    return true;
  }

  async #cancel(id: string, reason: string): Promise<boolean> {
    for (let last = ''; ;) {
      const args = { id, reason, after: last, most: STEP.children };
      const [status, ...children] = await this.#script('cancel', { args });
      if (status === 'unknown') throw batchClosed([id, status]);
      if (status === 'complete') return false;
      for (const child of children) if (await this.#isOpen(child)) await this.#cancel(child, reason);
      if (children.length < STEP.children) return true;
      last = children.at(-1)!;
    }
  }

  async #isOpen(id: string): Promise<boolean> {
    const [state] = await this.states([id]);
    return state !== undefined && state.doneAt === undefined && state.cancelled === undefined;
  }

  /** Drops the delayed members of all cancelled batches. Returns how many. */
  async discard(): Promise<number> {
    const known = new KnownData(this.keys);
    let discarded = 0;
    for (let place = 0; place >= 0;) {
      const call = { args: { from: place, most: STEP.delayed }, moreKeys: known.keys, moreArgs: known.args };
      const [next, n, ...unknown] = await this.#script('discard', call);
      if (known.learn(unknown)) continue;
      known.clear();
      discarded += n;
      place = next;
    }
    return discarded;
  }

  /** Reads the states of batches, in the order of the ids. Undefined for a batch that does not exist. */
  async states(ids: readonly string[]): Promise<(BatchState | undefined)[]> {
    const states: (BatchState | undefined)[] = [];
    for (let i = 0; i < ids.length; i += STEP.looks) {
      const some = ids.slice(i, i + STEP.looks);
      const [at, ...fields] = await this.#script('progress', { moreArgs: some });
      states.push(...fields.map((values, j) => readState(some[j]!, at, values)));
    }
    return states;
  }

  /** Looks up the id of the batch of this name. */
  async idOf(name: string): Promise<string | undefined> {
    return (await this.connection.run((redis) => redis.hget(this.keys.batches, `!${name}`))) ?? undefined;
  }

  count(): Promise<number> {
    return this.connection.run((redis) => redis.zcard(this.keys.batchends));
  }

  /** Lists batches: open ones first, then the most recently completed. */
  async list(offset = 0, limit = 100): Promise<BatchState[]> {
    const ids = await this.connection.run((redis) =>
      redis.zrange(this.keys.batchends, String(offset), String(offset + limit - 1), 'REV'),
    );
    return (await this.states(ids)).filter((state) => state !== undefined);
  }

  /** Reads all batches that are not complete, in steps. */
  openOnes(): AsyncGenerator<OpenBatch[], void, undefined> {
    return openBatches(this.connection, this.keys);
  }

  /** Lists the ids of the batches in this one, in their order, starting behind `after`. */
  async childrenOf(id: string, limit = 1000, after = ''): Promise<string[]> {
    const members = await this.#membersOf(this.keys.children, id, after && `${id} ${after}`, limit);
    return members.map((member) => member.slice(id.length + 1));
  }

  /** Reads the serials of the dead letters of a batch, in steps. */
  async *deadOf(id: string): AsyncGenerator<string[], void, undefined> {
    for (let last = ''; ;) {
      const members = await this.#membersOf(this.keys.batchdead, id, last, STEP.dead);
      if (members.length > 0) yield members.map((member) => member.slice(id.length + 1));
      if (members.length < STEP.dead) return;
      last = members.at(-1)!;
    }
  }

  #membersOf(key: string, id: string, after: string, most: number): Promise<string[]> {
    const from = after === '' ? `[${id} ` : `(${after}`;
    return this.connection.run((redis) => redis.zrange(key, from, `(${id}!`, 'BYLEX', 'LIMIT', 0, most));
  }

  /** Lists the cancelled batches that have members left. */
  cancelled(): Promise<string[]> {
    return this.connection.run((redis) => redis.zrange(this.keys.cancelled, '0', '-1'));
  }

  /** Lets `then` be sent again when the batch is complete once more. */
  async fireAgain(id: string): Promise<void> {
    await this.connection.run((redis) => redis.hdel(this.keys.batches, `${id} fired`));
  }

  /** Finishes cancels that were cut off, and forgets batches that have been complete for long. A Monitor calls it. */
  async tidy(): Promise<Tidied> {
    const cancelled = await this.cancelled();
    for (const id of cancelled) {
      const [state] = await this.states([id]);
      if (state?.cancelled !== undefined && state.doneAt === undefined) await this.#cancel(id, state.cancelled);
    }
    const discarded = cancelled.length > 0 ? await this.discard() : 0;
    for (let forgotten = 0; ;) {
      const [looked, n] = await this.#script('forget', { args: { most: STEP.forgotten, keptMs: KEPT_MS } });
      forgotten += n;
      if (looked < STEP.forgotten) return { discarded, forgotten };
    }
  }

  #script<Name extends ScriptName>(name: Name, call: ScriptCall<Name>): Promise<ScriptReply<Name>> {
    return this.connection.run((redis) => callScript(redis, this.keys, name, call));
  }
}
