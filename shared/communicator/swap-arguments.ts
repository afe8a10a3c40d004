/**
 * Writes what a holder asks of `swap.lua` as the keys and arguments of that script.
 */
import { pushFinished, type SwapRequest } from './in-hand.js';
import type { RunKeys } from './keys.js';
import { Members } from './members.js';
import { LineTable, OutputGroups, batchKeys, runKeys } from './outputs.js';
import type { ScriptArg, ScriptName } from './scripts.js';

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
  /** The number under which something may have landed, and whether its envelope has reached us. */
  readonly landing: { readonly seq: number; readonly known: boolean } | undefined;
}

export interface SwapCommand {
  readonly script: ScriptName;
  readonly keys: string[];
  /** True where the script's answer names batches that are cancelled. */
  readonly booksMembers: boolean;
  /** Its arguments. `again` means that the command may have been done already. */
  readonly args: (again: boolean) => ScriptArg[];
}

const SCRIPTS = {
  plain: { taking: 'swap', routing: 'swapRouting' },
  members: { taking: 'swapMembers', routing: 'swapMembersRouting' },
} as const;

export function swapCommand(state: HolderState, request: SwapRequest, runsKeys: RunKeys): SwapCommand {
  const { sources = [], want = 0, abandon = [], finish = [], waitOn } = request;
  const { id, leaseMs, timeLimitMs, op, noted, count, firstSeq, waitsOn, landing } = state;
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
  const limited = timeLimitMs === 0 && finish.some(({ held }) => held.envelope.timeLimitMs !== undefined);
  const tail: ScriptArg[] = [
    ...[count, limited ? -1 : timeLimitMs, firstSeq, want, landing?.seq ?? 0, landing?.known ? 1 : 0],
    waitOn !== undefined && waitOn !== waitsOn ? waitOn : '',
  ];
  if (members.any) members.pushTo(tail);
  tail.push(
    ...[sources.length, ...sources, table.names.length, ...table.names],
    ...[abandon.length, ...abandon.map((held) => held.receipt), queues],
  );
  const { holders, holder, held, landing: landingKey, deadlines } = runsKeys;
  const own = [holders, holder(id), held(id), landingKey(id, waitsOn), deadlines];
  return {
    script: SCRIPTS[members.any ? 'members' : 'plain'][table.keys.length > 0 ? 'routing' : 'taking'],
    keys: [
      ...[...runKeys(runsKeys), ...own, ...sources.map((queue) => runsKeys.queue(queue)), ...table.keys],
      ...(members.any ? batchKeys(runsKeys) : []),
    ],
    booksMembers: members.any,
    args: (again) => [id, leaseMs, op, noted, again ? '1' : ''].concat(tail as never[]).concat(finished as never[]),
  };
}
