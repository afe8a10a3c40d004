/**
 * Reads large values on a socket of its own, beside the connection of a client: plain GETs, as many at a time as come to
 * about half a MiB. A value is decoded once, from the buffer that it was read into. ioredis collects the pieces of a
 * reply, makes a buffer of them, and leaves the text to be made of that (docs/PERFORMANCE.md).
 *
 * The socket goes where that client is connected, and lives no longer than it. So whoever finds the right server, heals
 * connections and reads renewed passwords need not know of it. What may go wrong: the socket is cut, while the client is
 * not. What was asked for is to be asked for again then (`RetryLater`), on the next socket. Or it is refused at its
 * start, such as for a password that has changed. Then the client's connection is left too: the next one tells whether
 * that is so, or is let in.
 */
import type { Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { connectBeside } from './beside.js';
import { bulk } from './bulk.js';
import { RetryLater, inWords, verdictOn } from './redis-errors.js';
import { ReplyReader, type Reply } from './replies.js';
import { watchSilence, type Watched } from './silence.js';

/**
 * About how many bytes are asked for and have not come. More would not come sooner: Redis copies each value into its
 * reply, and is faster where it can use the same memory for the next.
 */
const MOST_UNDER_WAY = 524_288;

/** A value to read, and about how many bytes it has. */
export interface Wanted<T = unknown> {
  readonly key: string;
  readonly bytes: number;
  /**
   * Makes what is wanted of the value, and does not throw. The bytes are another value's once it returns. What is made at
   * once is made while they are in the processor's cache, and no text need outlive that.
   */
  readonly decode: (bytes: Buffer) => T;
}

/** A class, for the same reason as `PendingSend` in `sender.ts`. */
class PendingGet {
  constructor(
    readonly wanted: Wanted,
    readonly resolve: (value: unknown) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

/** A command of the start, which has no value. */
const START: Wanted = { key: '', bytes: 0, decode: () => undefined };
const sockets = new WeakMap<Redis, DataSocket>();

export class DataSocket implements Watched {
  readonly stream: Socket;
  readonly #reader = new ReplyReader((reply) => this.#took(reply));
  readonly #waiting: PendingGet[] = [];
  readonly #asked: PendingGet[] = [];
  #underWay = 0;
  #isGathering = false;
  #isOver = false;
  readonly #unwatch: () => void;
  readonly #closed = (): void => this.#end(new Error('Connection is closed.'));

  /** Returns the socket beside a client that is connected. */
  static beside(redis: Redis, replyTimeoutMs: number): DataSocket {
    const there = sockets.get(redis) ?? new DataSocket(redis, replyTimeoutMs);
    sockets.set(redis, there);
    return there;
  }

  private constructor(
    private readonly redis: Redis,
    replyTimeoutMs: number,
  ) {
    this.stream = connectBeside(redis, this.#reader, (error) => this.#broke(error));
    this.stream.unref(); // the client keeps the process alive as long as something is asked for
    this.stream.once('error', (error) => this.#broke(error));
    this.stream.once('close', () => this.#broke(new Error('closed before the answer')));
    redis.once('close', this.#closed);
    this.#unwatch = watchSilence(this, replyTimeoutMs);
    this.#start();
  }

  get owed(): number {
    return this.#asked.length;
  }

  get owedBytes(): number {
    return 0; // commands are short, and what comes is a sign of life
  }

  /** Reads a value; undefined where there is none, or something of another type. */
  get<T>(wanted: Wanted<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(new PendingGet(wanted, resolve as PendingGet['resolve'], reject));
      if (this.#isGathering) return;
      this.#isGathering = true;
      queueMicrotask(() => {
        this.#isGathering = false;
        this.#ask();
      });
    });
  }

  #start(): void {
    const { username, password, db } = this.redis.options;
    const commands = [
      ...(password ? [['AUTH', ...(username ? [username] : []), password]] : []),
      ...(db ? [['SELECT', String(db)]] : []),
    ];
    for (const command of commands) {
      this.#asked.push(
        new PendingGet(
          START,
          () => undefined,
          (error) => this.#broke(error as Error),
        ),
      );
      this.stream.write(encoded(command));
    }
  }

  /** Asks for what waits, once half of what was asked for has come: so that several share a write. */
  #ask(): void {
    if (this.#isOver || this.#underWay > MOST_UNDER_WAY / 2) return;
    let commands = '';
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#underWay > 0 && this.#underWay + next.wanted.bytes > MOST_UNDER_WAY) break;
      this.#waiting.shift();
      this.#asked.push(next);
      this.#underWay += next.wanted.bytes;
      commands += encoded(['GET', next.wanted.key]);
    }
    if (commands !== '') this.stream.write(commands);
  }

  /** Asks for the next before this one is decoded, so that Redis has it ready by then. */
  #took(reply: Reply): void {
    const { wanted, resolve, reject } = this.#asked.shift() ?? unasked();
    this.#underWay -= wanted.bytes;
    this.#ask();
    if (!(reply instanceof Error)) resolve(reply && wanted.decode(reply));
    else if (reply.message.startsWith('WRONGTYPE')) resolve(undefined);
    else reject(Object.assign(reply, { command: { name: 'get', args: [wanted.key] } }));
  }

  /** Leaves a socket that is of no use any more; with its client, where that would be refused too. */
  #broke(error: Error): void {
    if (this.#isOver) return;
    if (verdictOn(error).kind === 'refused') this.redis.disconnect();
    this.#end(new RetryLater(`data: ${inWords(error)}`));
  }

  #end(error: Error): void {
    this.#isOver = true;
    sockets.delete(this.redis);
    this.redis.off('close', this.#closed);
    this.#unwatch();
    this.stream.destroy();
    for (const { reject } of [...this.#asked.splice(0), ...this.#waiting.splice(0)]) reject(error);
  }
}

function unasked(): never {
  throw new Error('Redis answered what nobody asked');
}

function encoded(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map(bulk).join('')}`;
}
