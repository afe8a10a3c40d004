/**
 * Writes what a holder asks of `swap.lua` as the keys and arguments of that script.
 */
import type { Redis } from 'ioredis';
import { pushFinished, type Finished, type SwapRequest } from './held.js';
import type { RunKeys } from '../redis/keys.js';
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
  readonly taken: readonly (readonly [queue: Buffer, firstSeq: number, envelopes: Buffer[]])[];
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
  for (const { held, outputs: sent } of finish) {
    outputs.add(sent, held.seq);
    members.finish(held.envelope.member, held.seq);
    members.send(sent, held.seq);
  }
  outputs.pushTo(finished, table);
  const { holder, held, inbox, queue } = runsKeys;
  const lists: ScriptArg[] = [];
  if (members.any) members.pushTo(lists);
  lists.push(sources.length, ...sources, table.names.length, ...table.names);
  lists.push(abandon.length, ...abandon.map(({ receipt }) => receipt), queues);
  const call = {
    keys: { holder: holder(state.id), held: held(state.id), inbox: inbox(state.id, state.waitsOn) },
    args: namedArgs(state, request),
    moreKeys: [...sources.map(queue), ...table.keys],
    moreArgs: lists.concat(finished),
  };
  const ask = members.any ? askMembers : askPlain;
  return (redis, again) => {
    const told = again ? { ...call, args: { ...call.args, again: '1' } } : call;
    return ask(redis, runsKeys, table.keys.length > 0, told);
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
