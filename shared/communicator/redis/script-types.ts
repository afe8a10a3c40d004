/**
 * The types of all scripts: for each of them the names of the keys and arguments that a caller gives, and its reply.
 *
 * The names are those that the script binds at its top, keys in small letters; where they lie is read from there
 * (`script-names.ts`). Keys that every run has are not given: `keys.ts` has them under the same names. A test compares this
 * table with the scripts.
 */
import type { Closed } from '../batch/batch-errors.js';
import type { Landing } from '../lane/lane.js';

export type ScriptArg = string | number | Buffer;
/** A Buffer where the name of a key may be no text. */
export type ScriptKey = string | Buffer;

/** 1: done now; 0: it had been done. */
type Done = 0 | 1;
/** `1`: there may be more. */
type More = '0' | '1';
type Taken = [queue: string, firstSeq: number, envelopes: string[]];

interface Swap<Reply> {
  keys: 'holder' | 'held' | 'inbox';
  args: SwapArg;
  reply: Reply;
}
type SwapArg =
  | ('holder' | 'leaseMs' | 'op' | 'noted' | 'again' | 'believed' | 'timeLimitMs' | 'firstSeq' | 'want')
  | ('inboxSeq' | 'inboxKnown' | 'waitsOnNext');
type PlainSwap = Swap<['ok' | 'forgotten', refused?: string[], ...taken: Taken[]]>;
type MembersSwap = Swap<['ok' | 'forgotten', refused?: string[], cancelled?: string[], ...taken: Taken[]]>;
type LargeSwap = Swap<['ok' | 'forgotten' | 'absent', refused?: string[], cancelled?: string[], ...taken: Taken[]]>;

interface Step {
  keys: 'held' | 'list';
  args: 'op' | 'finished' | 'taken' | 'finishedField' | 'takenField';
  reply: [done: Done, envelope?: string];
}

interface Push {
  keys: 'sender' | 'list' | 'wake';
  args: 'number' | 'rememberMs' | 'queue';
  reply: Done | 2;
}

export interface ScriptTypes {
  push: Push;
  pushNext: Omit<Push, 'reply'> & { reply: Done | 2 | -1 };
  pushBehind: { keys: 'sender' | 'list'; args: 'number' | 'rememberMs' | 'field' | 'envelope'; reply: Done | -1 };
  pushAny: { keys: 'sender'; args: 'number' | 'rememberMs'; reply: Done };
  pushMembers: { keys: 'sender'; args: 'number' | 'rememberMs'; reply: Done | [batch: string, why: Closed] };
  pushLarge: { keys: 'sender'; args: 'number' | 'rememberMs'; reply: Done | -1 | [batch: string, why: Closed] };
  pop: { keys: never; args: 'most' | 'aside' | 'members'; reply: [queue: string, ...envelopes: string[]][] };
  transfer: {
    keys: 'sender' | 'source' | 'target' | 'wake';
    args: 'number' | 'rememberMs' | 'from' | 'to' | 'most' | 'mostBytes';
    reply: number;
  };
  destroy: {
    keys: 'sender' | 'list';
    args: 'number' | 'rememberMs' | 'queue' | 'most' | 'mostBytes';
    reply: [deleted: number, more: More, ...unknownData: string[]];
  };
  enter: { keys: 'holder' | 'held'; args: 'holder' | 'leaseMs'; reply: number };
  beat: { keys: never; args: never; reply: (0 | 1)[] };
  wait: { keys: 'holder'; args: 'holder' | 'leaseMs' | 'client'; reply: 0 | 1 };
  listen: { keys: never; args: 'keepMs'; reply: number };
  pulse: { keys: never; args: 'heart' | 'client' | 'address' | 'goneMs' | 'container'; reply: 0 | 1 };
  gone: { keys: never; args: 'server' | 'keepMs' | 'endedMs'; reply: number[] };
  lapse: { keys: never; args: 'server' | 'endedMs' | 'hearts'; reply: number };
  hung: { keys: never; args: never; reply: [holder: string, hungMs: number, blockedMs: number][] };
  takeDuty: { keys: never; args: 'duty' | 'owner' | 'forMs'; reply: [fence: number, note: string, at: number] };
  noteDuty: { keys: never; args: 'duty' | 'owner' | 'fence' | 'forMs' | 'note'; reply: 0 | 1 };
  swap: PlainSwap;
  swapRouting: PlainSwap;
  swapMembers: MembersSwap;
  swapMembersRouting: MembersSwap;
  swapLarge: LargeSwap;
  swapLargeRouting: LargeSwap;
  step: Step;
  stepRouting: Step;
  take: {
    keys: 'held' | 'list';
    args: 'holder' | 'leaseMs' | 'op' | 'noted' | 'receipt' | 'field';
    reply: [done: Done, envelope?: string];
  };
  begin: { keys: 'held'; args: 'holder'; reply: (0 | 1)[] };
  giveback: {
    keys: 'held';
    args: 'holder' | 'op' | 'noted' | 'maxAttempts';
    reply: ['forgotten'] | ['ok', refused: string[], dead: string[]];
  };
  reclaim: {
    keys: 'holder' | 'held' | 'inbox';
    args: 'holder' | 'mode' | 'maxAttempts' | 'most' | 'mostBytes' | 'waiting';
    reply:
      ['alive'] | ['missing', ...queues: string[]] | ['more' | 'done', returned: number, dead: number, lateMs: number];
  };
  overdue: {
    keys: 'holder' | 'held';
    args: 'holder' | 'maxAttempts';
    reply: [returned: number, dead: number, lateMs: number, limited: number];
  };
  due: {
    keys: never;
    args: 'most' | 'skipHolders' | 'skipDeliveries';
    reply: [silent: string[], overdue: string[], forgotten: string[]];
  };
  nextDue: { keys: never; args: never; reply: number };
  clock: { keys: never; args: 'unnoticedMs'; reply: number };
  clamp: { keys: never; args: 'unknownLeaseMs'; reply: [leases: number, limits: number] };
  rewind: { keys: never; args: 'most' | 'mostBytes'; reply: [moved: number, more: More] };
  promote: {
    keys: never;
    args: 'most' | 'mostBytes';
    reply: [moved: number, died: number, more: More, ...missing: string[]];
  };
  orphans: { keys: never; args: never; reply: number };
  /** Three for each list. */
  depths: { keys: never; args: never; reply: (number | string | null)[] };
  strays: { keys: 'list'; args: 'shown' | 'most' | 'mostBytes'; reply: number };
  settle: {
    keys: never;
    args: 'what' | 'only' | 'mostBytes';
    reply: [taken: number, looked: number, missing: string, ...unknownData: string[]];
  };
  expire: {
    keys: never;
    args: 'keep' | 'keepMs' | 'most' | 'mostBytes';
    reply: [removed: number, ...unknownData: string[]];
  };
  prune: { keys: 'list' | 'outbox'; args: 'queue' | 'stillMs'; reply: 0 | 1 };
  lift: {
    keys: 'lane' | 'transit';
    args: 'newId' | 'arrivedEpoch' | 'arrivedNumber' | 'most' | 'mostBytes';
    reply: [id: string, epoch: string, number: string, noList: string[] | null, ...entries: string[]];
  };
  watch: { keys: never; args: 'monitor' | 'keepMs'; reply: number };
  audit: {
    keys: never;
    args: 'mark' | 'lists' | 'told';
    reply: [there: number, aside: number, mark: string, counts: string[]];
  };
  rights: { keys: 'numberless'; args: never; reply: string[] };
  epoch: { keys: 'lane' | 'transit'; args: 'epoch' | 'number' | 'knownEpoch'; reply: string };
  land: {
    keys: never;
    args: 'lane' | 'epoch' | 'number' | 'fingerprint';
    reply: [landing: Landing | 'absent', knownEpoch: string, ...noList: string[]];
  };
  open: {
    keys: never;
    args: 'name' | 'token' | 'chance' | 'parent' | 'about' | 'rest';
    reply: [status: 'opened' | 'joined', id: string, about: string] | [why: Closed, id: string];
  };
  seal: { keys: never; args: 'id' | 'expected'; reply: ['sealed'] | ['unknown'] | ['short', sent: number] };
  cancel: {
    keys: never;
    args: 'id' | 'reason' | 'after' | 'most';
    reply: ['unknown'] | ['complete'] | ['cancelled', ...children: string[]];
  };
  discard: {
    keys: never;
    args: 'from' | 'most';
    reply: [next: number, dropped: number, ...unknownData: string[]];
  };
  progress: { keys: never; args: never; reply: [at: number, ...states: (string | null)[][]] };
  present: { keys: 'place'; args: 'from' | 'most' | 'mostBytes'; reply: [next: string, counts: number[]] };
  referred: { keys: 'place'; args: 'from' | 'most' | 'mostBytes'; reply: [next: string, ...names: string[]] };
  forget: { keys: never; args: 'most' | 'keptMs'; reply: [looked: number, forgotten: number] };
}

export type ScriptName = keyof ScriptTypes;

/** Nothing is to be given where a script has no such names. */
type Given<Part extends 'keys' | 'args', Name extends string, Value> = [Name] extends [never]
  ? { readonly [part in Part]?: never }
  : { readonly [part in Part]: Readonly<Record<Name, Value>> };

/** A call: its named keys and arguments, and the lists that follow each of these. */
export type ScriptCall<Name extends ScriptName> = Given<'keys', ScriptTypes[Name]['keys'], ScriptKey> &
  Given<'args', ScriptTypes[Name]['args'], ScriptArg> & {
    readonly moreKeys?: readonly ScriptKey[];
    readonly moreArgs?: readonly ScriptArg[];
  };

/** The keys that a caller gives by name. */
export type ScriptKeys<Name extends ScriptName> = Readonly<Record<ScriptTypes[Name]['keys'], string>>;
/** The names of the arguments. */
export type ScriptArgName<Name extends ScriptName> = ScriptTypes[Name]['args'];

export type ScriptReply<Name extends ScriptName> = ScriptTypes[Name]['reply'];

/** The same reply where its texts are asked for as bytes. */
export type ScriptBufferReply<Name extends ScriptName> = InBuffers<ScriptReply<Name>>;

type InBuffers<Reply> = Reply extends string
  ? Buffer
  : Reply extends unknown[]
    ? { [place in keyof Reply]: InBuffers<Reply[place]> }
    : Reply;
