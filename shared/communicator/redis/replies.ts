/**
 * Reads replies out of the bytes of a connection, however these are split. It is made for large values: bytes come
 * straight into one buffer that is used again and again, and a value is decoded from there once it is whole.
 *
 * What may go wrong: what comes is no reply of the kinds that GET, AUTH and SELECT have. That is thrown, and nothing
 * after it can be read.
 */

/** A value, which is a view that holds until the reader gets further bytes; undefined for no value; an error. */
export type Reply = Buffer | undefined | Error;

/** The buffer of a reader: data of the usual limit fit. A longer value has a buffer of its own, let go of with it. */
const SHARED_BYTES = 1_114_112;
/** The longest line: the head of a value, or an error. */
const LONGEST_LINE = 16_384;

const CR = 13;
const LF = 10;
const [VALUE, STATUS, ERROR] = ['$', '+', '-'];

export class ReplyReader {
  readonly #shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
  #buffer = this.#shared;
  /** Where the reply under way begins, and where the bytes end that have come. */
  #from = 0;
  #to = 0;
  /** How many bytes the reply under way has at the least. */
  #least = 1;

  constructor(private readonly took: (reply: Reply) => void) {}

  /** The place for the next bytes. It is never empty. */
  get space(): Buffer {
    return this.#buffer.subarray(this.#to);
  }

  /** Reads what has come to the beginning of `space`. */
  came(bytes: number): void {
    this.#to += bytes;
    while (this.#to - this.#from >= this.#least) this.#look();
    this.#makeSpace();
  }

  /** Reads bytes that lie elsewhere. */
  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const copied = bytes.copy(this.space, 0, at);
      at += copied;
      this.came(copied);
    }
  }

  /** Takes a reply, or finds that it is not whole. */
  #look(): void {
    const there = this.#buffer.subarray(this.#from, this.#to);
    const end = there.indexOf(LF);
    if (end < 0) {
      if (there.length > LONGEST_LINE) throw noReply(there);
      this.#least = there.length + 1;
      return;
    }
    if (there[end - 1] !== CR) throw noReply(there);
    const kind = there.toString('latin1', 0, 1);
    const text = there.toString('utf8', 1, end - 1);
    if (kind === VALUE && text !== '-1') this.#lookAtValue(there, end + 1, text);
    else if (kind === VALUE) this.#take(end + 1, undefined);
    else if (kind === STATUS) this.#take(end + 1, there.subarray(1, end - 1));
    else if (kind === ERROR) this.#take(end + 1, new Error(text));
    else throw noReply(there);
  }

  #lookAtValue(there: Buffer, from: number, length: string): void {
    if (!/^\d{1,10}$/.test(length)) throw noReply(there);
    const to = from + Number(length);
    if (there.length < to + 2) {
      this.#least = to + 2;
      return;
    }
    if (there[to] !== CR || there[to + 1] !== LF) throw noReply(there);
    this.#take(to + 2, there.subarray(from, to));
  }

  #take(bytes: number, reply: Reply): void {
    this.#from += bytes;
    this.#least = 1;
    this.took(reply);
  }

  /** Moves the beginning of the reply under way, where the rest of it would not fit behind it. */
  #makeSpace(): void {
    const [from, to] = [this.#from, this.#to];
    const mayGrow = Math.max(this.#least, LONGEST_LINE);
    if (from < to && from + mayGrow <= this.#buffer.length) return;
    const into = this.#least > this.#shared.length ? Buffer.allocUnsafeSlow(this.#least) : this.#shared;
    if (from < to) this.#buffer.copy(into, 0, from, to);
    this.#buffer = into;
    this.#from = 0;
    this.#to = to - from;
  }
}

function noReply(bytes: Buffer): Error {
  return new Error(`no reply of Redis: ${JSON.stringify(bytes.toString('latin1', 0, 20))}`);
}
