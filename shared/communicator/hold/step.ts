/**
 * Swaps that have a short script of their own: the step of a loop, which finishes one marble and takes the next, and the
 * take of a holder that was woken.
 *
 * A short script costs Redis half of what a swap does, or less where there are many queues. It does nothing where it
 * cannot do all that the swap would do. Then the swap follows under the same number, and tells what has become of it. What
 * may go wrong: the reply is lost. Then whether the short script has done it is not known either, and the swap follows
 * too.
 */
import type { Redis } from 'ioredis';
import type { RunKeys } from '../redis/keys.js';
import { BoundScript } from '../redis/bound-script.js';
import { callScriptBuffer, type ScriptArg } from '../redis/scripts.js';
import { LineTable, type Output } from '../send/outputs.js';
import type { SwapRequest } from './held.js';
import { swapCommand, type HolderState, type SwapCommand } from './swap-arguments.js';

/** A command that took something: its number, and the first sequence number that it gave. */
interface Take {
  op: number;
  firstSeq: number;
}

/**
 * True where the step does all that the swap would do. The marble is of the last command that is noted: one that is still
 * held proves then that Redis has not gone back in time.
 */
function isStep(state: HolderState, request: SwapRequest, last: Take): boolean {
  const { finish = [], sources = [], want, abandon = [], waitOn } = request;
  const [one] = finish;
  if (!one || finish.length > 1 || sources.length !== 1 || want !== 1) return false;
  const { held, outputs } = one;
  const { member, timeLimitMs, large } = held.envelope;
  if (member !== undefined || timeLimitMs !== undefined || large !== undefined) return false;
  if (outputs.length > MOST_SENT || !outputs.every((output) => isRoute(output, sources[0]!))) return false;
  const isPlain = abandon.length === 0 && waitOn === undefined && !state.inbox && state.timeLimitMs === 0;
  return isPlain && state.noted === last.op && held.seq >= last.firstSeq;
}

/** The most that a step sends: Lua hands some 8,000 values to a command. */
const MOST_SENT = 1000;

/** True where a step may send it while it takes from `source`: the swap takes what was just sent there, and a step does not. */
function isRoute({ kind, queue, member, large }: Output, source: string): boolean {
  return kind === 'back' && queue !== source && member === undefined && large === undefined;
}

/** The most queues that the take of a woken holder looks at. */
const MOST_LOOKED_AT = 1000;

/** The place of the queue among the sources where a take does all that the swap would do; else -1. */
function placeToTake(state: HolderState, request: SwapRequest): number {
  const { finish = [], sources = [], want, abandon = [], waitOn, woken } = request;
  if (woken === undefined || want !== 1 || finish.length > 0 || abandon.length > 0) return -1;
  if ((waitOn ?? state.waitsOn) !== state.waitsOn || state.inbox || state.timeLimitMs !== 0) return -1;
  const place = sources.indexOf(woken);
  return place < MOST_LOOKED_AT ? place : -1;
}

function takeCommand(state: HolderState, request: SwapRequest, keys: RunKeys, place: number): SwapCommand {
  const { id, leaseMs, op, noted, firstSeq } = state;
  const sources = request.sources!;
  const source = sources[place]!;
  const call = {
    keys: { held: keys.held(id), list: keys.queue(source) },
    args: { holder: id, leaseMs, op, noted, receipt: `${firstSeq}/${source}`, field: `${source} taken` },
    moreKeys: sources.slice(0, place).map(keys.queue),
  };
  const short = (redis: Redis) => callScriptBuffer(redis, keys, 'take', call);
  return shortOrSwap(short, { source, firstSeq }, () => swapCommand(state, request, keys));
}

/** Marbles that a step sends, as `lua/lib/step-outputs.lua` reads them. */
class Routes {
  readonly #queues: string[] = [];
  readonly #envelopes: ScriptArg[][] = [];

  constructor(outputs: readonly Output[]) {
    for (const { queue, envelope } of outputs) {
      const line = this.#queues.indexOf(queue);
      if (line >= 0) this.#envelopes[line]!.push(envelope);
      else this.#envelopes[this.#queues.push(queue) - 1] = [envelope];
    }
  }

  get queues(): readonly string[] {
    return this.#queues;
  }

  get args(): ScriptArg[] {
    const args: ScriptArg[] = [];
    this.#queues.forEach((queue, line) => args.push(queue, this.#envelopes[line]!.length, ...this.#envelopes[line]!));
    return args;
  }
}

/** The queues of a step: where it finishes, what it takes from, and those that it sends to. */
interface StepQueues {
  readonly finished: string;
  readonly source: string;
  readonly targets: readonly string[];
}

/** The step script of a holder for queues that stay the same. */
class StepScript extends BoundScript<'step' | 'stepRouting', 'finishedField' | 'takenField'> {
  constructor(
    keys: RunKeys,
    holder: string,
    private readonly queues: StepQueues,
  ) {
    const { finished, source, targets } = queues;
    const table = new LineTable(keys);
    for (const target of targets) table.line(target);
    super(keys, targets.length > 0 ? 'stepRouting' : 'step', {
      keys: { held: keys.held(holder), list: keys.queue(source) },
      moreKeys: table.keys,
      args: { finishedField: `${finished} finished`, takenField: `${source} taken` },
    });
  }

  isFor({ finished, source, targets }: StepQueues): boolean {
    const { queues } = this;
    if (queues.finished !== finished || queues.source !== source || queues.targets.length !== targets.length)
      return false;
    return targets.every((target, i) => target === queues.targets[i]);
  }
}

const NONE: readonly string[] = [];

/** The commands of one holder. */
export class HolderCommands {
  readonly #lastTake: Take = { op: 0, firstSeq: 0 };
  /** The script of the latest step: the next is nearly always of the same queues. */
  #stepScript: StepScript | undefined;

  constructor(
    private readonly keys: RunKeys,
    private readonly id: string,
  ) {}

  /** Notes that a command took something from a queue: its number, and the first sequence number that it gave. */
  noteTake(op: number, firstSeq: number): void {
    this.#lastTake.op = op;
    this.#lastTake.firstSeq = firstSeq;
  }

  /** Returns the command for a swap: a short one, where that is enough. */
  swap(state: HolderState, request: SwapRequest): SwapCommand {
    const place = placeToTake(state, request);
    if (place >= 0) return takeCommand(state, request, this.keys, place);
    return isStep(state, request, this.#lastTake) ? this.#step(state, request) : swapCommand(state, request, this.keys);
  }

  #step(state: HolderState, request: SwapRequest): SwapCommand {
    const { op, firstSeq } = state;
    const { held, outputs } = request.finish![0]!;
    const source = request.sources![0]!;
    const routes = outputs.length > 0 ? new Routes(outputs) : undefined;
    const script = this.#stepScriptOf({ finished: held.queue, source, targets: routes?.queues ?? NONE });
    const args = { op, finished: held.receipt, taken: `${firstSeq}/${source}` };
    const short = (redis: Redis) => script.callBuffer(redis, args, routes?.args);
    return shortOrSwap(short, { source, firstSeq }, () => swapCommand(state, request, this.keys));
  }

  #stepScriptOf(queues: StepQueues): StepScript {
    const latest = this.#stepScript;
    if (latest?.isFor(queues)) return latest;
    return (this.#stepScript = new StepScript(this.keys, this.id, queues));
  }
}

/** Asks the short script, and the swap where that did nothing, or where what it did is not known. */
function shortOrSwap(
  short: (redis: Redis) => Promise<readonly [done: number, envelope?: Buffer]>,
  { source, firstSeq }: { readonly source: string; readonly firstSeq: number },
  swap: () => SwapCommand,
): SwapCommand {
  return async (redis, again) => {
    const [done, envelope] = again ? [0] : await short(redis);
    if (done === 0) return swap()(redis, again);
    return { refused: [], cancelled: [], taken: envelope ? [[source, firstSeq, [envelope]]] : [] };
  };
}
