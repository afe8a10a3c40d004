/**
 * Options of a batch: their types, rules and defaults. It also checks whether an existing batch was opened with the
 * same options.
 */
import { createHash } from 'node:crypto';
import type { BatchAbout } from '../communicator/batch/batch-state.js';
import { encodeEnvelope } from '../communicator/data/envelope.js';
import { checkName } from '../communicator/redis/keys.js';
import { checkOptions, having, oneOf, whole, type Rules } from '../check-options.js';
import { MarbleRunError } from '../errors.js';
import { encodeData } from './codec.js';
import type { ResolvedOptions } from './options.js';

export interface BatchOptions {
  /**
   * The marble that is sent once, when the batch is complete. Its `batch` is the batch's name, its id
   * `<id of the batch>.then`. Default: nothing.
   */
  readonly then?: { readonly queue: string; readonly data?: unknown };
  /**
   * The effect of a dead letter. With `wait` the batch stays open until a person has requeued or removed the marble.
   * With `continue` it has no effect. With `cancel` the batch is cancelled. Default `wait`.
   */
  readonly onDead?: 'wait' | 'continue' | 'cancel';
  /**
   * The number of dead letters above which the batch is cancelled. A share such as `1%` is one of all marbles, and is
   * judged from the seal on. Default: any number.
   */
  readonly maxDead?: number | `${number}%`;
  /** The time for which a batch is remembered after it is complete. Default 604,800,000 ms, a week. */
  readonly keepMs?: number;
  /**
   * The fate of marbles that are elevated. With `wait` they count as left, although nothing comes back from a higher
   * run. With `done` they are done with. Default `wait`.
   */
  readonly elevated?: 'wait' | 'done';
}

const DEFAULTS = Object.freeze({ onDead: 'wait', keepMs: 604_800_000, elevated: 'wait' } as const);

const RULES: Rules = {
  then: having('{ queue, data }', isThen),
  onDead: oneOf('wait', 'continue', 'cancel'),
  maxDead: having('a whole number from 0, or a share from "0%" to "100%"', isMaxDead),
  keepMs: whole(1, 3_155_760_000_000),
  elevated: oneOf('wait', 'done'),
};

const THEN_RULES: Rules = {
  queue: having('a queue name', (value) => checkName('queue', value, 'batch.then.queue') !== ''),
  data: having('data', () => true),
};

function isThen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('queue' in value)) return false;
  checkOptions('batch.then', value, THEN_RULES);
  return true;
}

function isMaxDead(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  return typeof value === 'string' && /^\d+(\.\d+)?%$/.test(value) && parseFloat(value) <= 100;
}

/** @internal Throws MR_BAD_NAME, MR_BAD_OPTION. */
export function checkBatch(name: string, options: unknown): void {
  checkName('id', name, 'batch');
  if (options !== undefined) checkOptions('batch', options, RULES);
}

/** @internal Returns the settings to open a batch with; `parent` is the id of the batch that it is in. */
export function batchToOpen(name: string, given: BatchOptions, parent: string | undefined, options: ResolvedOptions) {
  const { then, maxDead, ...rest } = defined(given);
  const about = { name, ...DEFAULTS, ...rest, ...(maxDead !== undefined && { maxDead }) };
  if (!then) return { about, parent, then: undefined };
  const { type, data } = encodeData(then.data ?? null, options.maxDataBytes, options.codec);
  const digest = createHash('sha1').update(type).update(data).digest('base64url').slice(0, 10);
  const header = { id: '', attempt: 0, sentAt: Date.now(), type, batch: name, ...(parent && { member: parent }) };
  return { about: { ...about, then: { queue: then.queue, digest } }, parent, then: encodeEnvelope(header, data) };
}

/**
 * @internal Checks that an existing batch has the options that were given. Throws MR_BATCH_OTHER, which names those
 * that differ.
 */
export function mustBeAsGiven(name: string, given: BatchOptions, wanted: BatchAbout, there: BatchAbout): void {
  const differ = (Object.keys(defined(given)) as (keyof BatchOptions)[]).filter(
    (what) => JSON.stringify(wanted[what]) !== JSON.stringify(there[what]),
  );
  if (differ.length === 0) return;
  const shown = (what: keyof BatchOptions, { [what]: value, then }: BatchAbout) =>
    what === 'then' ? (then ? `to queue ${then.queue}` : 'none') : JSON.stringify(value ?? null);
  const told = differ.map((what) => {
    const isData = what === 'then' && wanted.then?.queue === there.then?.queue;
    return isData ? 'the data of then differs' : `${what} is ${shown(what, there)}, given ${shown(what, wanted)}`;
  });
  throw new MarbleRunError('MR_BATCH_OTHER', `batch ${name} already exists with other settings: ${told.join('; ')}`);
}

function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
