/**
 * A cable between clients and a Redis server that a test can damage: a TCP proxy on real sockets.
 *
 * It recognises a request by a text in it; our clients write a command in one piece.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

interface Damage {
  readonly request: string;
  /**
   * The reply that the cable gives itself. Undefined: the server does what is asked, and then the connection breaks
   * instead of bringing the reply.
   */
  readonly reply: string | undefined;
  readonly once: boolean;
  /** A text in the reply that is lost; replies before it are passed on. */
  readonly lost: string;
  readonly happened: () => void;
}

interface Strand {
  readonly client: Socket;
  readonly server: Socket;
  /** True: half-open. Requests stay in the cable, replies are lost, and neither end is told. */
  frozen: boolean;
  readonly held: Buffer[];
  /** The damage to the next reply, which is not passed on. */
  losing: Damage | undefined;
}

export class Cable {
  /** Changes everything that the server sends. */
  rewrite: (reply: Buffer) => Buffer = (reply) => reply;
  readonly #strands = new Set<Strand>();
  readonly #server = createServer((client) => this.#join(client));
  #damages: Damage[] = [];
  #freezing = false;

  private constructor(private readonly target: URL) {}

  /** Makes a cable; `target` is the URL of a Redis. */
  static async to(target: string): Promise<Cable> {
    const cable = new Cable(new URL(target));
    await new Promise<void>((resolve) => cable.#server.listen(0, '127.0.0.1', resolve));
    return cable;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#strands.size;
  }

  /** The number of connections whose client has gone, and of which the server has not heard yet. */
  get orphans(): number {
    return [...this.#strands].filter(({ client }) => client.destroyed).length;
  }

  /** The number of bytes of requests that are held back. */
  get heldBytes(): number {
    return [...this.#strands].reduce((sum, { held }) => sum + Buffer.concat(held).length, 0);
  }

  /**
   * Loses a reply. The server does the next request with this text, and its reply (the first with the text `lost`) is
   * lost with the connection. Resolves when that has happened.
   */
  loseReplyTo(request: string, lost = ''): Promise<void> {
    return new Promise((happened) => this.#damages.push({ request, reply: undefined, once: true, lost, happened }));
  }

  /**
   * Answers requests with this text by itself, in the words of the protocol: only the next one, or all until `repair`.
   */
  answer(request: string, reply: string, once = false): Promise<void> {
    return new Promise((happened) => this.#damages.push({ request, reply, once, lost: '', happened }));
  }

  /** Makes all connections half-open; with `future`, also those that are made until `release`. */
  freeze(future = false): void {
    this.#freezing = future;
    for (const strand of this.#strands) strand.frozen = true;
  }

  /** Lets everything that was held back reach the server now, even from clients that have gone meanwhile. */
  release(): void {
    this.#freezing = false;
    for (const strand of this.#strands) {
      strand.frozen = false;
      for (const piece of strand.held.splice(0)) strand.server.write(piece);
      if (strand.client.destroyed) strand.server.end();
    }
  }

  repair(): void {
    this.#damages = [];
    this.release();
  }

  /** Breaks half-open connections for their clients; what they have sent is still on its way. */
  abandon(): void {
    for (const { frozen, client } of this.#strands) if (frozen) client.destroy();
  }

  /** Breaks all connections. */
  cut(): void {
    for (const { client, server } of this.#strands) {
      client.destroy();
      server.destroy();
    }
  }

  /** Closes the cable. Safe to call twice. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.release();
    this.cut();
    await closed;
  }

  #join(client: Socket): void {
    const server = connect(Number(this.target.port), this.target.hostname);
    const strand: Strand = { client, server, frozen: this.#freezing, held: [], losing: undefined };
    this.#strands.add(strand);
    for (const end of [client, server]) end.setNoDelay(true).on('error', () => undefined); // 'close' follows
    client.on('data', (piece) => this.#toServer(strand, piece));
    server.on('data', (piece) => this.#toClient(strand, piece));
    client.on('close', () => strand.frozen || server.end());
    server.on('close', () => {
      this.#strands.delete(strand);
      if (!strand.frozen) client.destroy();
    });
  }

  #toServer(strand: Strand, piece: Buffer): void {
    if (strand.frozen) {
      strand.held.push(piece);
      return;
    }
    const damage = this.#damages.find(({ request }) => piece.includes(request));
    if (damage?.once) this.#damages = this.#damages.filter((other) => other !== damage);
    if (damage?.reply !== undefined) {
      strand.client.write(damage.reply);
      damage.happened();
      return;
    }
    strand.losing ??= damage;
    strand.server.write(piece);
  }

  #toClient(strand: Strand, piece: Buffer): void {
    if (strand.frozen) return;
    if (strand.losing && piece.includes(strand.losing.lost)) {
      strand.losing.happened();
      strand.client.destroy();
    } else strand.client.write(this.rewrite(piece));
  }
}
