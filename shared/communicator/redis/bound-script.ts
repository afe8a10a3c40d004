/**
 * A script with all that stays the same from call to call: its keys, and some of its arguments. They are placed and
 * written once, which saves a microsecond for each call of a script that is called for each marble.
 */
import type { Redis } from 'ioredis';
import { bulk } from './bulk.js';
import type { RunKeys } from './keys.js';
import { ScriptCommand, type LoadedScript } from './script-command.js';
import { missing, placed, Placed, type Written } from './script-names.js';
import type {
  ScriptArg,
  ScriptArgName,
  ScriptBufferReply,
  ScriptKeys,
  ScriptName,
  ScriptReply,
} from './script-types.js';
import { loadScript } from './scripts.js';

type Named<Name extends string> = Readonly<Record<Name, ScriptArg>>;

/** Keys and arguments that stay the same. `moreKeys` follow the keys that have a name. */
interface BoundCall<Name extends ScriptName, Bound extends ScriptArgName<Name>> {
  readonly keys: ScriptKeys<Name>;
  readonly moreKeys?: readonly string[];
  readonly args: Named<Bound>;
}

export class BoundScript<Name extends ScriptName, Bound extends ScriptArgName<Name>> {
  readonly #script: LoadedScript;
  readonly #keys: Placed['keys'];
  /** The arguments by their places; undefined where each call has its own. */
  readonly #args: readonly (ScriptArg | undefined)[];
  readonly #written: Written;

  constructor(run: RunKeys, name: Name, { keys, moreKeys = [], args }: BoundCall<Name, Bound>) {
    this.#script = loadScript(name);
    const { names, hash } = this.#script;
    this.#keys = placed(name, { ...names, args: [] }, run, { keys, moreKeys }).keys;
    this.#args = names.args.map((arg) => (args as Partial<Named<string>>)[arg]);
    this.#written = {
      keys: [this.#keys.length, ...this.#keys].map((key) => bulk(String(key))).join(''),
      args: this.#args.map((arg) => (arg === undefined ? undefined : bulk(String(arg)))),
      shown: [hash, this.#keys.length, ...this.#keys.map(String)],
    };
  }

  /** Calls it with the arguments that are left, and those behind. The texts of its reply are strings. */
  call(redis: Redis, args: Named<Exclude<ScriptArgName<Name>, Bound>>, more: readonly ScriptArg[] = []) {
    return this.#ask(redis, args, more, 'utf8') as Promise<ScriptReply<Name>>;
  }

  /** Likewise; the texts of its reply are Buffers. */
  callBuffer(redis: Redis, args: Named<Exclude<ScriptArgName<Name>, Bound>>, more: readonly ScriptArg[] = []) {
    return this.#ask(redis, args, more, null) as Promise<ScriptBufferReply<Name>>;
  }

  #ask(redis: Redis, args: Partial<Named<string>>, more: readonly ScriptArg[], encoding: 'utf8' | null) {
    const { name, names } = this.#script;
    const all = names.args.map((arg, i) => this.#args[i] ?? args[arg] ?? missing(name, 'argument', arg));
    for (const arg of more) all.push(arg);
    const call = new Placed(this.#keys, all, this.#written);
    return redis.sendCommand(new ScriptCommand(redis, this.#script, call, encoding));
  }
}
