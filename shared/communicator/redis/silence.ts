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

/** Fields of ioredis and Node.js that these do not publish. */
interface Inside {
  readonly commandQueue?: { readonly length: number; toArray(): { command: { args: unknown[] } }[] };
  readonly stream?: Partial<Socket> & { readonly _handle?: { readonly writeQueueSize?: number } | null };
}

/**
 * Breaks the connection where Redis owes an answer and has been silent for `replyTimeoutMs`. A command may block for
 * `blockMs` on top of that.
 */
export function watchSilence(redis: Redis, replyTimeoutMs: number, blockMs: number): void {
  const inside = redis as unknown as Inside;
  const everyMs = replyTimeoutMs / LOOKS;
  const looks = LOOKS + blockMs / everyMs;
  let silent = 0;
  let before = movement(inside);
  // Looks are counted, and not the time: while the event loop was blocked, nobody could hear.
  const timer = setInterval(() => {
    const now = movement(inside);
    const moved = now.read !== before.read || now.toSend < before.toSend;
    silent = moved || !inside.commandQueue?.length ? 0 : silent + 1;
    before = now;
    if (silent < looks || silent < looks + owedMs(inside) / everyMs) return;
    clearInterval(timer);
    inside.stream?.destroy?.(new Error(`Socket timeout: no answer and no progress for ${replyTimeoutMs} ms`));
  }, everyMs).unref();
  for (const over of ['close', 'end']) redis.once(over, () => clearInterval(timer));
}

/** Counts the bytes that have come, and those that the system has not taken yet. */
function movement({ stream }: Inside): { read: number; toSend: number } {
  return { read: stream?.bytesRead ?? 0, toSend: stream?._handle?.writeQueueSize ?? 0 };
}

/** How long all that has not been answered may be on its way. */
function owedMs({ commandQueue }: Inside): number {
  let bytes = 0;
  for (const { command } of commandQueue?.toArray() ?? [])
    for (const arg of command.args) bytes += Buffer.isBuffer(arg) || typeof arg === 'string' ? arg.length : 8;
  return (bytes / SLOWEST_LINK) * 1000;
}
