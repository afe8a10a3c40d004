/** A link to a port of this machine on which a round trip takes as long as asked for; its bandwidth has no limit. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface DelayProxy {
  readonly port: number;
  close(): void;
}

export function delayProxy(target: number, roundTripMs: number): Promise<DelayProxy> {
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
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}
