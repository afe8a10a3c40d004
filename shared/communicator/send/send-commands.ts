/**
 * The numbered commands of a sender. Each is done once, however often it is asked: Redis remembers the last number. Here
 * is chosen which script a command needs.
 */
import type { Redis } from 'ioredis';
import { newId } from '../data/envelope.js';
import { sendingLarge } from '../data/large-data.js';
import type { LargeOutput } from '../data/set-data.js';
import type { RunKeys } from '../redis/keys.js';
import { batchClosed } from '../batch/batch-errors.js';
import { Members } from './members.js';
import { LargeOnes } from './large.js';
import { Backlog } from './backlog.js';
import { DataAhead } from './data-ahead.js';
import { PlainScripts, REMEMBER_MS } from './plain-scripts.js';
import { LineTable, OutputGroups, type Output } from './outputs.js';
import type { Replicated } from '../redis/replicas.js';
import type { Part } from '../redis/rights.js';
import { callScript, type ScriptArg, type ScriptReply } from '../redis/scripts.js';

type Reply = ScriptReply<'push' | 'pushNext' | 'pushBehind' | 'pushLarge'>;
type Command = (redis: Redis) => Promise<Reply>;

/** All that a command says of its marbles beside them. */
interface Told {
  readonly members: Members;
  readonly large: LargeOnes;
}

/** Throws what `push` of a Sender throws. */
export class SendCommands {
  readonly #id = newId();
  readonly #backlog = new Backlog();
  readonly #ahead: DataAhead;
  #plainScripts: PlainScripts | undefined;
  /** Parts that this user is known to have the rights for. */
  readonly #allowed = new Set<Part>();

  constructor(
    private readonly connection: Replicated,
    private readonly keys: RunKeys,
  ) {
    this.#ahead = new DataAhead(connection, keys);
  }

  /** Sends to the back of one queue. */
  async plain(number: number, outputs: readonly Output[]): Promise<void> {
    // Nothing is awaited where nothing need be: a sender of many writes this batch before it encodes the next.
    if (!this.#allowed.has('push')) await this.#mustBeAllowed('push');
    const { queue } = outputs[0]!;
    if (outputs.length === 1 && this.#backlog.isIn(queue)) {
      const reply = await this.connection.run(this.#pushBehind(number, queue, outputs[0]!));
      if (reply !== -1) return;
    }
    const reply = await this.connection.run(this.#push('push', number, queue, outputs));
    this.#backlog.note(queue, reply === 2);
  }

  /** Likewise, behind a command that is under way: once more when that has been answered, where it had not been done. */
  async next(number: number, before: Promise<void>, outputs: readonly Output[]): Promise<void> {
    if (!this.#allowed.has('push')) await this.#mustBeAllowed('push');
    const { queue } = outputs[0]!;
    const reply = await this.connection.run(this.#push('pushNext', number, queue, outputs));
    if (reply === -1) {
      await before;
      return this.plain(number, outputs);
    }
    this.#backlog.note(queue, reply === 2);
  }

  /** Sends outputs of any kind. */
  async any(number: number, outputs: readonly Output[]): Promise<void> {
    const members = new Members();
    members.send(outputs);
    const large = new LargeOnes();
    large.send(outputs);
    const unset = this.#ahead.unset(large.sent);
    const part = members.any ? 'batches' : 'pushAny';
    if (!this.#allowed.has(part)) await this.#mustBeAllowed(part);
    if (large.any && !this.#allowed.has('pushLarge')) await this.#mustBeAllowed('pushLarge');
    const command = this.#pushAny(number, outputs, { members, large });
    const reply = await this.connection.run(large.any ? this.#setting(large, unset, command) : command);
    if (Array.isArray(reply)) throw batchClosed(reply);
  }

  async #mustBeAllowed(part: Part): Promise<void> {
    await this.connection.mustBeAllowed(part);
    this.#allowed.add(part);
  }

  /** Sets large data before the turn of their marble, which waits from now on. */
  setAhead(large: LargeOutput): void {
    if (this.#allowed.has('pushLarge')) this.#ahead.add(large);
  }

  /** Likewise, what was too much before the last command began. */
  setMoreAhead(waiting: readonly Output[]): void {
    this.#ahead.goOn(waiting);
  }

  /** Sets large data that are not set yet before the command that sends their marbles. */
  #setting({ sent: large }: LargeOnes, unset: readonly LargeOutput[], command: Command): Command {
    const { keys } = this;
    return (redis) =>
      sendingLarge(
        { redis, keys, large, unset },
        () => command(redis),
        (reply) => reply === -1,
      );
  }

  #push(name: 'push' | 'pushNext', number: number, queue: string, outputs: readonly Output[]): Command {
    const script = this.#scriptsTo(queue)[name];
    const envelopes = outputs.map(({ envelope }) => envelope);
    return (redis) => script.call(redis, { number }, envelopes);
  }

  #pushBehind(number: number, queue: string, { envelope }: Output): Command {
    const { pushBehind } = this.#scriptsTo(queue);
    return (redis) => pushBehind.call(redis, { number, envelope });
  }

  /** Returns the scripts for plain sends to a queue. Most go to the one of the send before. */
  #scriptsTo(queue: string): PlainScripts {
    if (this.#plainScripts?.queue !== queue) this.#plainScripts = new PlainScripts(this.keys, this.#id, queue);
    return this.#plainScripts;
  }

  #pushAny(number: number, outputs: readonly Output[], { members, large }: Told): Command {
    const table = new LineTable(this.keys);
    const groups = new OutputGroups();
    groups.add(outputs);
    const tail: ScriptArg[] = [];
    groups.pushTo(tail, table);
    const head: ScriptArg[] = [];
    if (members.any || large.any) members.pushTo(head);
    if (large.any) large.pushTo(head);
    const script = large.any ? 'pushLarge' : members.any ? 'pushMembers' : 'pushAny';
    const moreKeys = large.any ? table.keys.concat(large.keys(this.keys)) : table.keys;
    const call = {
      keys: { sender: this.keys.sender(this.#id) },
      args: { number, rememberMs: REMEMBER_MS },
      ...{ moreKeys, moreArgs: [...head, table.names.length, ...table.names, ...tail] },
    };
    return (redis) => callScript(redis, this.keys, script, call);
  }
}
