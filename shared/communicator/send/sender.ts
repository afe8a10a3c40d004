/**
 * Sends marbles, each command exactly once. A command is numbered, and Redis remembers the last number of each sender
 * for an hour. So one that is asked again after a cut connection is not done twice.
 *
 * One command is under way at a time, and what is sent meanwhile goes together with the next. This keeps the order, one
 * sender needs one number in Redis, and many small sends share a round trip. What may go wrong: a connection that is
 * cut for more than an hour leaves the last command in doubt. It is then asked again and may be done twice, but is
 * never lost. (The idea: Kafka's idempotent producer.)
 */
import type { Redis } from 'ioredis';
import { newId } from '../data/envelope.js';
import type { RunKeys } from '../redis/keys.js';
import { batchClosed } from '../batch/batch-errors.js';
import { Members } from './members.js';
import { LineTable, OutputGroups, type Output } from './outputs.js';
import type { Replicated } from '../redis/replicas.js';
import type { Part } from '../redis/rights.js';
import { callScript, type ScriptArg, type ScriptReply } from '../redis/scripts.js';

const REMEMBER_MS = 3_600_000;
const MOST_OUTPUTS = 5_000;
const MOST_BYTES = 1_048_576;

type Command = (redis: Redis) => Promise<ScriptReply<'pushMembers'>>;

/**
 * One call of `send`. It is a class, because V8 puts objects of a literal straight into the old generation where many
 * of them outlived a collection (docs/PERFORMANCE.md).
 */
class PendingSend {
  constructor(
    readonly outputs: number,
    readonly resolve: () => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

interface Batch {
  readonly sends: readonly PendingSend[];
  readonly outputs: readonly Output[];
}

export class Sender {
  readonly #id = newId();
  #number = 0;
  readonly #waiting: PendingSend[] = [];
  /** The outputs of all that wait, one after the other. */
  readonly #outputs: Output[] = [];
  #busy: Promise<void> | undefined;
  /** Parts that this user is known to have the rights for. */
  readonly #allowed = new Set<Part>();

  constructor(
    private readonly connection: Replicated,
    private readonly keys: RunKeys,
  ) {}

  /**
   * Sends outputs. Resolves when the marbles are in Redis. Throws MR_REDIS_*: none of them is there, or, with
   * MR_REDIS_UNAVAILABLE, it is not known. Throws MR_TOO_FEW_REPLICAS: they are at the primary.
   */
  push(outputs: readonly Output[]): Promise<void> {
    if (outputs.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      for (const output of outputs) this.#outputs.push(output);
      this.#waiting.push(new PendingSend(outputs.length, resolve, reject));
      this.#busy ??= this.#drain();
    });
  }

  get busy(): boolean {
    return this.#busy !== undefined;
  }

  /** Resolves when all that was sent so far has been answered. */
  async settled(): Promise<void> {
    await this.#busy;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // what is sent in this turn of the event loop goes together
    while (this.#waiting.length > 0) {
      const { sends, outputs } = this.#nextBatch();
      try {
        await this.#command(outputs);
        for (const { resolve } of sends) resolve();
      } catch (error) {
        for (const { reject } of sends) reject(error);
      }
    }
    this.#busy = undefined; // in the same step as the last look, or a send between the two would wait for ever
  }

  /**
   * Takes whole sends, at least one, within the limits. A send is atomic, so it is never divided. Sends to different
   * batches do not share a command, so that a closed batch refuses only its own.
   */
  #nextBatch(): Batch {
    let sends = 0;
    let outputs = 0;
    let bytes = 0;
    const { member } = this.#outputs[0]!;
    for (const waiting of this.#waiting) {
      const end = outputs + waiting.outputs;
      for (let i = outputs; i < end; i++) bytes += this.#outputs[i]!.envelope.length;
      if (sends > 0 && (end > MOST_OUTPUTS || bytes > MOST_BYTES || this.#outputs[outputs]!.member !== member)) break;
      outputs = end;
      sends++;
    }
    return { sends: this.#waiting.splice(0, sends), outputs: this.#outputs.splice(0, outputs) };
  }

  async #command(outputs: readonly Output[]): Promise<void> {
    const number = ++this.#number;
    const { kind, queue } = outputs[0]!;
    const members = new Members();
    members.send(outputs);
    const isPlain =
      kind === 'back' &&
      !members.any &&
      outputs.length <= MOST_OUTPUTS &&
      outputs.every((one) => one.kind === kind && one.queue === queue);
    const part = isPlain ? 'push' : members.any ? 'batches' : 'pushAny';
    if (!this.#allowed.has(part)) await this.connection.mustBeAllowed(part);
    this.#allowed.add(part);
    const command = isPlain ? this.#plain(number, queue, outputs) : this.#any(number, outputs, members);
    const reply = await this.connection.run(command);
    if (Array.isArray(reply)) throw batchClosed(reply);
  }

  #plain(number: number, queue: string, outputs: readonly Output[]): Command {
    const keys = { sender: this.keys.sender(this.#id), list: this.keys.queue(queue) };
    const args = { number, rememberMs: REMEMBER_MS, queue };
    const envelopes = outputs.map(({ envelope }) => envelope);
    return (redis) => callScript(redis, this.keys, 'push', { keys, args, moreArgs: envelopes });
  }

  #any(number: number, outputs: readonly Output[], members: Members): Command {
    const table = new LineTable(this.keys);
    const groups = new OutputGroups();
    groups.add(outputs);
    const tail: ScriptArg[] = [];
    groups.pushTo(tail, table);
    const head: ScriptArg[] = [];
    if (members.any) members.pushTo(head);
    const script = members.any ? 'pushMembers' : 'pushAny';
    const call = {
      keys: { sender: this.keys.sender(this.#id) },
      args: { number, rememberMs: REMEMBER_MS },
      ...{ moreKeys: table.keys, moreArgs: [...head, table.names.length, ...table.names, ...tail] },
    };
    return (redis) => callScript(redis, this.keys, script, call);
  }
}
