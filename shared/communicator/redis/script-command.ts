/**
 * One call of a script, written for Redis as one piece of text.
 *
 * ioredis has a form of its own for scripts (`defineCommand`). It copies the arguments twice more and makes two promises
 * more for each call, which took a seventh of the time of a short one (docs/PERFORMANCE.md). As it does, this sends the
 * text of a script first on each socket, and its hash from then on. What may go wrong: Redis has forgotten the script
 * (SCRIPT FLUSH, a failover). It says NOSCRIPT, having done nothing, and the text is sent again.
 */
import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { Command, type Redis } from 'ioredis';
import { bulk } from './bulk.js';
import { namesIn, type Placed, type ScriptNames } from './script-names.js';
import type { ScriptArg, ScriptName } from './script-types.js';
import { bytesOf, type Weighed } from './silence.js';

/** A script as it is called. */
export class LoadedScript {
  readonly names: ScriptNames;
  readonly hash: string;
  /** How a call begins that brings the text, and how one that brings the hash. */
  readonly byText: string;
  readonly byHash: string;
  /** Sockets whose Redis was told the text. */
  readonly told = new WeakSet<object>();

  constructor(
    readonly name: ScriptName,
    lua: string,
  ) {
    this.names = namesIn(lua);
    this.hash = createHash('sha1').update(lua).digest('hex');
    this.byText = bulk('EVAL') + bulk(lua);
    this.byHash = bulk('EVALSHA') + bulk(this.hash);
  }
}

type Reject = (error: Error) => void;

/**
 * About how much goes in one write; what a command has beyond that follows in further ones. For a longer text V8 maps memory
 * and gives it back each time, and so does the C library for its bytes. That costs more than the writes
 * (docs/PERFORMANCE.md).
 */
const MOST_WRITTEN = 65_536;

export class ScriptCommand extends Command implements Weighed {
  readonly #reject: Reject;
  #socket: object | undefined;
  /** True once it was asked again with the text. */
  #isTold = false;

  constructor(
    private readonly redis: Redis,
    readonly script: LoadedScript,
    readonly call: Placed,
    replyEncoding: 'utf8' | null,
  ) {
    super('evalsha', [], { replyEncoding });
    // An error of Redis has these with it (failed-command.ts). Of the arguments it needs none, and data must not be shown.
    this.args = call.written?.shown ?? [script.hash, call.keys.length, ...(call.keys as string[])];
    this.#reject = this.reject;
    this.reject = this.#rejectOrTell;
  }

  get owedBytes(): number {
    return bytesOf(this.call.args);
  }

  /** Writes all but the end of a long command, which is left to the caller. */
  override toWritable(socket: object): string | Buffer {
    const { script, call } = this;
    const head = script.told.has(socket) ? script.byHash : script.byText;
    script.told.add(socket);
    this.#socket = socket;
    const { keys, args, written } = call;
    const text = `*${3 + keys.length + args.length}\r\n${head}`;
    const writing = new Writing(socket as Writable, text + (written?.keys ?? bulk(String(keys.length))));
    return writing.values(written ? args : [...keys, ...args], written?.args ?? []);
  }

  /** It is called as a method, by ioredis. */
  #rejectOrTell(error: Error): void {
    const socket = this.#isTold ? undefined : this.#socket;
    if (!socket || !error.message.startsWith('NOSCRIPT')) {
      this.#reject(error);
      return;
    }
    this.#isTold = true;
    this.script.told.delete(socket);
    void this.redis.sendCommand(this);
  }
}

/** A command that is being written: as text, where none of its values is a Buffer. */
class Writing {
  /** The pieces before the text, and their bytes. */
  #pieces: Buffer[] | undefined;
  #bytes = 0;

  constructor(
    private readonly stream: Writable,
    private text: string,
  ) {}

  /** Writes values. `known` has those that are written already. Returns what is left to be written. */
  values(values: readonly ScriptArg[], known: readonly (string | undefined)[]): string | Buffer {
    for (let i = 0; i < values.length; i++) {
      if (this.#bytes + this.text.length > MOST_WRITTEN) this.stream.write(this.#taken());
      const value = values[i]!;
      const written = known[i];
      if (written !== undefined) this.text += written;
      else if (typeof value === 'string') this.text += bulk(value);
      else if (typeof value === 'number') this.text += bulk(String(value));
      else this.#add(value);
    }
    return this.#taken();
  }

  #add(value: Buffer): void {
    const head = Buffer.from(`${this.text}$${value.length}\r\n`);
    (this.#pieces ??= []).push(head, value);
    this.#bytes += head.length + value.length;
    this.text = '\r\n';
  }

  /** Takes what has come so far. */
  #taken(): string | Buffer {
    const { text } = this;
    this.text = '';
    if (!this.#pieces) return text;
    const all = Buffer.concat([...this.#pieces, Buffer.from(text)]);
    this.#pieces = undefined;
    this.#bytes = 0;
    return all;
  }
}
