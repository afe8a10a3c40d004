/**
 * A client of beanstalkd, as much as the bench needs: commands are written together and answered in order. The clients
 * on npm wait for one answer before the next command, or mix up answers that come together, so they would measure
 * themselves.
 */
import { connect, type Socket } from 'node:net';

export interface Reply {
  /** Its first line, in words. */
  readonly words: readonly string[];
  readonly body: Buffer;
}

const END = '\r\n';
const NONE = Buffer.alloc(0);
/** Replies that have a body, and the place of its length among the words. */
const WITH_BODY: Readonly<Record<string, number>> = { RESERVED: 2, OK: 1 };

type Waiting = { resolve: (reply: Reply) => void; reject: (error: Error) => void };

export class BeanstalkdClient {
  readonly #waiting: Waiting[] = [];
  #chunks: Buffer[] = [];
  #have = 0;
  /** Bytes that the reply under way has at least. */
  #need = 1;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection is closed'));
    });
  }

  static connect(url: string): Promise<BeanstalkdClient> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new BeanstalkdClient(socket)));
      socket.once('error', reject).setNoDelay();
    });
  }

  /** All commands of one turn of the event loop go in one write. */
  command(line: string, body?: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.socket.writableCorked === 0) {
        this.socket.cork();
        process.nextTick(() => this.socket.uncork());
      }
      this.socket.write(body === undefined ? line + END : line + END + body + END);
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Sends a command; throws where the answer is another than the wanted one. */
  async expect(wanted: string, line: string, body?: string): Promise<Reply> {
    const reply = await this.command(line, body);
    if (reply.words[0] !== wanted) throw new Error(`beanstalkd answers ${reply.words.join(' ')} to ${line}`);
    return reply;
  }

  close(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    if (this.#have < this.#need) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const replies: Reply[] = [];
    let at = 0;
    this.#need = 1;
    for (let end = bytes.indexOf(END, at); end >= 0; end = bytes.indexOf(END, at)) {
      const words = bytes.toString('latin1', at, end).split(' ');
      const place = WITH_BODY[words[0]!];
      const next = place === undefined ? end + 2 : end + 2 + Number(words[place]) + 2;
      if (next > bytes.length) {
        this.#need = next - at;
        break;
      }
      replies.push({ words, body: place === undefined ? NONE : bytes.subarray(end + 2, next - 2) });
      at = next;
    }
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#have = bytes.length - at;
    const answered = this.#waiting.splice(0, replies.length);
    answered.forEach(({ resolve }, i) => resolve(replies[i]!));
  }
}
