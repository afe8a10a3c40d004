/**
 * Types of data as it is sent and as it arrives. They name nothing of Node.js, so a program needs no `@types/node` for
 * them.
 */
import type { HeldMarble } from './held-marble.js';
import type { LoopMarble } from './loop-marble.js';

/** Queue names and the type of their data: `new Marble<{ pages: { url: string } }>()`. */
export type Queues = Record<string, unknown>;

/** The names of the queues. */
export type QueueOf<Q> = keyof Q & string;

/**
 * The data that arrives from each queue, where JSON carries it. With a codec of your own, name the types:
 * `new Marble<Sent, Arriving>({ codec })`.
 */
export type Arriving<Q> = { [K in keyof Q]: Jsonified<Q[K]> };

/** The form in which a T arrives: bytes as they are, everything else as JSON makes it. */
export type Jsonified<T> = unknown extends T
  ? T
  : T extends Uint8Array
    ? T
    : T extends ArrayBuffer
      ? Uint8Array
      : InJson<T>;

/**
 * The form that JSON makes of a T. A Date becomes text and methods are left out. Values that JSON does not carry are
 * refused at run time, and are `never` here.
 */
type InJson<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends { toJSON(...args: never[]): infer J }
      ? InJson<J>
      : T extends NoJson
        ? never
        : T extends readonly unknown[]
          ? { [K in keyof T]: InJson<T[K]> }
          : { [K in keyof T as T[K] extends Method ? never : K extends symbol ? never : K]: InJson<T[K]> };

type Method = (...args: never[]) => unknown;
type NoJson =
  | Method
  | symbol
  | bigint
  | ReadonlyMap<never, unknown>
  | ReadonlySet<never>
  | PromiseLike<unknown>
  | ArrayBufferView
  | RegExp;

/** Turns data into bytes, and bytes back into data. */
export interface Codec {
  /** Returns text or bytes. An error that it throws reaches the sender as the cause of MR_DATA_UNENCODABLE. */
  encode(data: unknown): string | Uint8Array | ArrayBuffer;
  /**
   * Takes a Buffer and returns the data. An error that it throws reaches the worker as the cause of MR_DATA_UNREADABLE.
   */
  decode(bytes: Uint8Array): unknown;
}

/** AbortSignal, where the program has that type: it comes with `@types/node` and with the library `dom`. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : AnySignal;
interface AnySignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}

/** The data that a handler gets. Where nobody declared the data of a queue, a handler may take it for what it is. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as JSON.parse: with unknown, no handler could name the fields of its data
export type HandlerData<T> = unknown extends T ? any : T;

/** A marble of one of several queues: its `queue` tells the type of its `data`. */
export type HeldOf<Q extends object, A, K extends QueueOf<Q>> = K extends keyof A ? HeldMarble<Q, K, A[K]> : never;
export type LoopMarbleOf<A, K extends keyof A & string> = K extends keyof A ? LoopMarble<K, A[K]> : never;

/** A function that works on one marble. The promise it returns is awaited; an error it throws is a failed attempt. */
export type Handler<T, Q extends object = Queues, H = HeldMarble<Q>> = (data: HandlerData<T>, marble: H) => unknown;
