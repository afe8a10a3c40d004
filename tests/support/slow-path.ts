/**
 * A slow way to a server: only so many bytes pass in a second, and only so many more wait on the way before it takes no
 * further ones.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const STEP_MS = 50;

export class SlowPath {
  /** True: nothing passes any more, and neither end is told: half-open. Bytes that are sent are still taken. */
  broken = false;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly bytesPerStep: number,
    private readonly holds: number,
  ) {}

  static async to(targetPort: number, bytesPerSecond: number, holds: number): Promise<SlowPath> {
    const server = createServer();
    const path = new SlowPath(server, Math.ceil((bytesPerSecond * STEP_MS) / 1000), holds);
    server.on('connection', (client) => {
      const target = connect(targetPort, '127.0.0.1');
      path.#pump(client, target);
      path.#pump(target, client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return path;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #pump(from: Socket, to: Socket): void {
    let waits = Buffer.alloc(0);
    this.#sockets.add(from);
    from.on('data', (piece) => {
      waits = Buffer.concat([waits, piece]);
      if (waits.length > this.holds) from.pause();
    });
    const timer = setInterval(() => {
      if (this.broken) return;
      if (waits.length > 0 && !to.destroyed) to.write(waits.subarray(0, this.bytesPerStep));
      waits = waits.subarray(this.bytesPerStep);
      if (waits.length <= this.holds) from.resume();
    }, STEP_MS);
    from.on('error', () => from.destroy());
    from.on('close', () => {
      clearInterval(timer);
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
