/**
 * Writes what a holder asks of `swap.lua`, `begin.lua` and `giveback.lua` as the keys and arguments of these scripts.
 */
import type { Redis } from 'ioredis';
import { sendingLarge, type SendingPlace } from '../data/large-data.js';
import type { Beginning, Finished, GivenBack, SwapRequest } from './held.js';
import type { RunKeys } from '../redis/keys.js';
import { LargeOnes } from '../send/large.js';
import { Members } from '../send/members.js';
import { LineTable, OutputGroups } from '../send/outputs.js';
import { callScriptBuffer, type ScriptArg, type ScriptCall } from '../redis/scripts.js';

/** The holder's own state. */
export interface HolderState {
  readonly id: string;
  readonly leaseMs: number;
  readonly timeLimitMs: number;
  /** The number of this command, and of the last that Redis is known to have noted. */
  readonly op: number;
  readonly noted: number;
  /** How many marbles it holds; -1: not sure. */
  readonly count: number;
  readonly firstSeq: number;
  readonly waitsOn: string;
  /** The number under which something may be in the inbox, and whether its envelope has reached us. */
  readonly inbox: { readonly seq: number; readonly known: boolean } | undefined;
}

export interface SwapAnswer {
  readonly refused: readonly Buffer[];
  /** Batches that are cancelled. */
  readonly cancelled: readonly Buffer[];
  readonly taken: readonly (readonly [queue: Buffer | string, firstSeq: number, envelopes: Buffer[]])[];
}

/** Resolves with undefined where the holder is forgotten. `again`: it may have been done already. */
export type SwapCommand = (redis: Redis, again: boolean) => Promise<SwapAnswer | undefined>;

export function swapCommand(state: HolderState, request: SwapRequest, runsKeys: RunKeys): SwapCommand {
  const { sources = [], abandon = [], finish = [] } = request;
  const table = new LineTable(runsKeys);
  const finished: ScriptArg[] = [];
  const queues = pushFinished(finish, finished);
  const outputs = new OutputGroups();
  const members = new Members();
  const large = new LargeOnes();
  for (const { held, outputs: sent } of finish) {
    outputs.add(sent, held.seq);
    members.finish(held.envelope.member, held.seq);
    members.send(sent, held.seq);
    large.finish(held.envelope.large, held.seq);
    large.send(sent);
  }
  outputs.pushTo(finished, table);
  const { holder, held, inbox, queue } = runsKeys;
  const lists: ScriptArg[] = [];
  if (members.any || large.any) members.pushTo(lists);
  if (large.any) large.pushTo(lists);
  lists.push(sources.length, ...sources, table.names.length, ...table.names);
  lists.push(abandon.length, ...abandon.map(({ receipt }) => receipt), queues);
  const call = {
    keys: { holder: holder(state.id), held: held(state.id), inbox: inbox(state.id, state.waitsOn) },
    args: namedArgs(state, request),
    moreKeys: [...sources.map(queue), ...table.keys, ...(large.any ? large.keys(runsKeys) : [])],
    moreArgs: lists.concat(finished),
  };
  const ask = members.any ? askMembers : askPlain;
  const sends = table.names.length > 0;
  return (redis, again) => {
    const told = again ? { ...call, args: { ...call.args, again: '1' } } : call;
    if (large.any) return askLarge({ redis, keys: runsKeys, large: large.sent }, sends, told);
    return ask(redis, runsKeys, sends, told);
  };
}

function namedArgs(state: HolderState, { want = 0, finish = [], waitOn }: SwapRequest) {
  const { id, leaseMs, op, noted, count, firstSeq, waitsOn, inbox } = state;
  return {
    holder: id,
    leaseMs,
    op,
    noted,
    again: '',
    believed: count,
    timeLimitMs: limitOf(state, finish),
    firstSeq,
    want,
    inboxSeq: inbox?.seq ?? 0,
    inboxKnown: inbox?.known ? 1 : 0,
    waitsOnNext: waitOn !== undefined && waitOn !== waitsOn ? waitOn : '',
  };
}

/** The time limit that its deadlines tell of; -1: none, but some of the finished had one of their own. */
function limitOf({ timeLimitMs }: HolderState, finish: readonly Finished[]): number {
  const limited = timeLimitMs === 0 && finish.some(({ held }) => held.envelope.timeLimitMs !== undefined);
  return limited ? -1 : timeLimitMs;
}

/** Appends each queue: its name, and the ranges of sequence numbers that are finished. Returns how many queues. */
function pushFinished(finish: readonly Finished[], args: ScriptArg[]): number {
  const byQueue = new Map<string, number[]>();
  for (const { held } of finish) {
    const numbers = byQueue.get(held.queue);
    if (numbers) numbers.push(held.seq);
    else byQueue.set(held.queue, [held.seq]);
  }
  for (const [queue, numbers] of byQueue) {
    args.push(queue);
    pushRanges(numbers, args);
  }
  return byQueue.size;
}

/**
 * Appends ranges of numbers. Marbles are taken with consecutive numbers and mostly finished so: few ranges name
 * hundreds.
 */
function pushRanges(numbers: number[], args: ScriptArg[]): void {
  const countAt = args.push(0) - 1;
  numbers.sort((a, b) => a - b);
  let ranges = 0;
  for (let i = 0; i < numbers.length; ranges++) {
    const first = numbers[i]!;
    let n = 1;
    while (numbers[i + n] === first + n) n++;
    args.push(first, n);
    i += n;
  }
  args[countAt] = ranges;
}

async function askPlain(redis: Redis, keys: RunKeys, sends: boolean, call: ScriptCall<'swap' | 'swapRouting'>) {
  const [, refused, ...taken] = await callScriptBuffer(redis, keys, sends ? 'swapRouting' : 'swap', call);
  return refused && { refused, cancelled: [], taken };
}

async function askMembers(
  redis: Redis,
  keys: RunKeys,
  sends: boolean,
  call: ScriptCall<'swapMembers' | 'swapMembersRouting'>,
) {
  const script = sends ? 'swapMembersRouting' : 'swapMembers';
  const [, refused, cancelled, ...taken] = await callScriptBuffer(redis, keys, script, call);
  return refused && { refused, cancelled: cancelled ?? [], taken };
}

async function askLarge(place: SendingPlace, sends: boolean, call: ScriptCall<'swapLarge' | 'swapLargeRouting'>) {
  const script = sends ? 'swapLargeRouting' : 'swapLarge';
  const ask = () => callScriptBuffer(place.redis, place.keys, script, call);
  const [, refused, cancelled, ...taken] = await sendingLarge(place, ask, ([word]) => String(word) === 'absent');
  return refused && { refused, cancelled: cancelled ?? [], taken };
}

/** How the bus notes what company a suspect is worked on in. */
const MARKS = { alone: 'a', 'among others': 'c' } as const;

/** Writes what is noted of marbles before work on them begins. */
export function beginningList(beginnings: readonly Beginning[]): ScriptArg[] {
  return beginnings.flatMap(({ held, timeLimitMs, charge }) => [
    ...[held.receipt, timeLimitMs ?? '', charge ? MARKS[charge] : ''],
  ]);
}

/** Writes what is given back: for each marble also its error, or where it may end by this the place of its large data. */
export function giveBackLists(items: readonly GivenBack[], keys: RunKeys) {
  const table = new LineTable(keys);
  const data: string[] = [];
  const given = items.flatMap(({ held, verdict, delayMs, error }) => {
    const { large } = held.envelope;
    const mayEndIt = verdict === 'cancel' || verdict === 'missing';
    const last = !mayEndIt ? JSON.stringify(error ?? null) : large ? data.push(keys.data(large.name)) : '';
    return [held.receipt, table.line(held.queue), verdict, Math.ceil(delayMs), last];
  });
  return { moreKeys: table.keys.concat(data), moreArgs: [table.names.length, ...table.names, ...given] };
}
