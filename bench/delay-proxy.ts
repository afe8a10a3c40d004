/**
 * A link to a server of this machine on which a round trip takes as long as asked for; its bandwidth has no limit. Timers
 * are whole ms and a little late, so a short round trip takes some ms longer than asked for: measure it.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface DelayProxy {
  /** The place where clients connect: as that of the server, on another port. */
  readonly url: string;
  close(): void;
}

export function delayProxy(url: string, roundTripMs: number): Promise<DelayProxy> {
  const target = Number(new URL(url).port);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => later(() => to.writable && to.write(bytes)));
      from.on('close', () => later(() => to.destroy()));
      from.on('error', () => undefined); // its close follows
    }
  });
  const later = (act: () => unknown) => setTimeout(act, roundTripMs / 2);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const close = () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      };
      const { port } = server.address() as AddressInfo;
      resolve({ url: url.replace(`:${target}`, `:${port}`), close });
    });
  });
}
