/**
 * A TCP proxy that behaves as networks do: it delays, stalls, cuts one side or both, and delivers late.
 *
 * Bytes of one connection are never dropped with later ones delivered, and never reordered, since TCP does not do that
 * either. But TCP does this, and so does the proxy: bytes that were sent arrive although their sender has given the
 * connection up.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The direction of bytes; `up` is towards the server. */
export type Direction = 'up' | 'down';

export class Proxy {
  readonly links = new Set<Link>();
  /** The time until which nothing passes, even on links that are made meanwhile. */
  #stalledUntil = 0;
  #refusedUntil = 0;

  private constructor(
    private readonly server: Server,
    targetPort: number,
  ) {
    server.on('connection', (client) => {
      if (Date.now() < this.#refusedUntil) {
        client.destroy();
        return;
      }
      const link = new Link(client, connect(targetPort, '127.0.0.1'), () => this.links.delete(link));
      this.links.add(link);
      const left = this.#stalledUntil - Date.now();
      if (left > 0) link.stall('up', left);
    });
  }

  static start(targetPort: number): Promise<Proxy> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }).on('error', reject);
      const proxy = new Proxy(server, targetPort);
      server.listen(0, '127.0.0.1', () => resolve(proxy));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Lets nothing pass in that direction for `ms`, then everything. */
  stall(direction: Direction, ms: number): void {
    this.#stalledUntil = Date.now() + ms;
    for (const link of this.links) link.stall(direction, ms);
  }

  /** Cuts all links, on both sides, and for `ms` every new one at once. */
  refuse(ms: number): void {
    this.#refusedUntil = Date.now() + ms;
    for (const link of this.links) link.cut();
  }

  stop(): Promise<void> {
    for (const link of this.links) link.cut();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

/** One connection through the proxy. */
export class Link {
  readonly #latencyMs = { up: 0, down: 0 };
  readonly #until = { up: 0, down: 0 };
  #halfOpen = false;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly gone: () => void,
  ) {
    this.#pump(client, server, 'up');
    this.#pump(server, client, 'down');
  }

  /** Delays everything in that direction by this time from now on. */
  delay(direction: Direction, ms: number): void {
    this.#latencyMs[direction] = ms;
  }

  /** Lets nothing pass in that direction for `ms`, then everything. */
  stall(direction: Direction, ms: number): void {
    this.#until[direction] = Date.now() + ms;
  }

  cut(): void {
    this.client.destroy();
    this.server.destroy();
  }

  /** Closes the connection for one side; the other hears nothing of it for `ms`. */
  halfOpen(closed: 'client' | 'server', ms: number): void {
    this.#halfOpen = true;
    this[closed].destroy();
    setTimeout(() => this.cut(), ms);
  }

  /** Closes the connection for the client. Whatever it sends now, and has sent, reaches the server `ms` later. */
  deliverLate(ms: number): void {
    this.stall('up', ms);
    this.client.once('data', () => setImmediate(() => this.halfOpen('client', ms + 500)));
  }

  /** Moves bytes, with one queue for each direction and one timer at a time: what came first leaves first. */
  #pump(from: Socket, to: Socket, direction: Direction): void {
    const queue: { readonly chunk: Buffer; readonly due: number }[] = [];
    let timer: NodeJS.Timeout | undefined;
    const flush = (): void => {
      timer = undefined;
      while (queue[0] && queue[0].due <= Date.now()) {
        const { chunk } = queue.shift()!;
        if (!to.destroyed) to.write(chunk);
      }
      if (queue[0]) timer = setTimeout(flush, Math.max(1, queue[0].due - Date.now()));
    };
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      queue.push({ chunk, due: Math.max(Date.now() + this.#latencyMs[direction], this.#until[direction]) });
      if (!timer) flush();
    });
    from.on('error', () => from.destroy());
    from.on('close', () => {
      this.gone();
      if (!this.#halfOpen) to.destroy();
    });
  }
}
