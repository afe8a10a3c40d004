/**
 * Notices a half-open connection: Redis owes an answer, nothing moves, and nobody reports that.
 *
 * Bytes that come, and bytes that the system takes from us, are signs of life, however long a command takes to be sent.
 * The system takes more than has arrived, so a large command gets further time for its bytes: a path is expected to
 * carry at least `SLOWEST_LINK`. What may go wrong: a path that is slower than that and shows no progress is taken for
 * half-open. One that broke under a command of many bytes is noticed later, by that further time.
 */
import type { Socket } from 'node:net';
import type { Redis } from 'ioredis';

/** The slowest path that is allowed for, in bytes per second. */
const SLOWEST_LINK = 16_384;
/**
 * How often to look in the time that silence may last. It is seldom, because each connection of a process has a timer
 * of its own.
 */
const LOOKS = 20;

/** A connection that is watched. */
export interface Watched {
  readonly stream: WatchedStream | undefined;
  /** The commands that Redis has not answered. */
  readonly owed: number;
  /** The bytes of these commands. */
  readonly owedBytes: number;
}

/** A stream, with fields of Node.js that it does not publish. */
type WatchedStream = Partial<Socket> & { readonly _handle?: { readonly writeQueueSize?: number } | null };

/**
 * Breaks the connection where Redis owes an answer and has been silent for `replyTimeoutMs`. A command may block for
 * `blockMs` on top of that. Returns a function that ends the watch.
 */
export function watchSilence(watched: Watched, replyTimeoutMs: number, blockMs = 0): () => void {
  const everyMs = replyTimeoutMs / LOOKS;
  const looks = LOOKS + blockMs / everyMs;
  let silent = 0;
  let before = movement(watched);
  // Looks are counted, and not the time: while the event loop was blocked, nobody could hear.
  const timer = setInterval(() => {
    const now = movement(watched);
    const moved = now.read !== before.read || now.toSend < before.toSend;
    silent = moved || watched.owed === 0 ? 0 : silent + 1;
    before = now;
    if (silent < looks || silent < looks + (watched.owedBytes / SLOWEST_LINK) * (1000 / everyMs)) return;
    clearInterval(timer);
    watched.stream?.destroy?.(new Error(`Socket timeout: no answer and no progress for ${replyTimeoutMs} ms`));
  }, everyMs).unref();
  return () => clearInterval(timer);
}

/** Counts the bytes that have come, and those that the system has not taken yet: of the write under way, and behind it. */
function movement({ stream }: Watched): { read: number; toSend: number } {
  const toSend = (stream?._handle?.writeQueueSize ?? 0) + (stream?.writableLength ?? 0);
  return { read: stream?.bytesRead ?? 0, toSend };
}

/** A command that knows how many bytes it brings, where its arguments do not tell. */
export interface Weighed {
  readonly owedBytes: number;
}

/** Adds up the bytes of arguments. */
export function bytesOf(args: readonly unknown[]): number {
  let bytes = 0;
  for (const arg of args) bytes += Buffer.isBuffer(arg) || typeof arg === 'string' ? arg.length : 8;
  return bytes;
}

interface Queued extends Partial<Weighed> {
  readonly args: readonly unknown[];
}

/** Fields of ioredis that it does not publish. */
interface Inside {
  readonly commandQueue?: { readonly length: number; toArray(): { command: Queued }[] };
  readonly stream?: WatchedStream;
}

/** A client of ioredis. */
export class WatchedClient implements Watched {
  readonly #inside: Inside;

  constructor(redis: Redis) {
    this.#inside = redis;
  }

  get stream(): WatchedStream | undefined {
    return this.#inside.stream;
  }

  get owed(): number {
    return this.#inside.commandQueue?.length ?? 0;
  }

  get owedBytes(): number {
    let bytes = 0;
    for (const { command } of this.#inside.commandQueue?.toArray() ?? []) {
      bytes += command.owedBytes ?? bytesOf(command.args);
    }
    return bytes;
  }
}
