/**
 * One call of a script, written for Redis as one piece of text.
 *
 * ioredis has a form of its own for scripts (`defineCommand`). It copies the arguments twice more and makes two promises
 * more for each call, which took a seventh of the time of a short one (docs/PERFORMANCE.md). As it does, this sends the
 * text of a script first on each socket, and its hash from then on. What may go wrong: Redis has forgotten the script
 * (SCRIPT FLUSH, a failover). It says NOSCRIPT, having done nothing, and the text is sent again.
 */
import { createHash } from 'node:crypto';
import { Command, type Redis } from 'ioredis';
import { bulk } from './bulk.js';
import { namesIn, type Placed, type ScriptNames } from './script-names.js';
import type { ScriptArg, ScriptName } from './script-types.js';

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

export class ScriptCommand extends Command {
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

  override toWritable(socket: object): string | Buffer {
    const { script, call } = this;
    const head = script.told.has(socket) ? script.byHash : script.byText;
    script.told.add(socket);
    this.#socket = socket;
    const { keys, args, written } = call;
    const text = `*${3 + keys.length + args.length}\r\n${head}`;
    if (written) return withValues(text + written.keys, args, written.args);
    return withValues(text + bulk(String(keys.length)), [...keys, ...args], []);
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

/** Writes values behind `text`: all as text where none is a Buffer. `known` has those that are written already. */
function withValues(
  text: string,
  values: readonly ScriptArg[],
  known: readonly (string | undefined)[],
): string | Buffer {
  const pieces: Buffer[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const written = known[i];
    if (written !== undefined) text += written;
    else if (typeof value === 'string') text += bulk(value);
    else if (typeof value === 'number') text += bulk(String(value));
    else {
      pieces.push(Buffer.from(`${text}$${value.length}\r\n`), value);
      text = '\r\n';
    }
  }
  if (pieces.length === 0) return text;
  return Buffer.concat([...pieces, Buffer.from(text)]);
}
