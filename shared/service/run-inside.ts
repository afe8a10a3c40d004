/**
 * Runs a service inside another program: it listens and works until it is stopped, and does not listen to signals.
 */
import type { AddressInfo } from 'node:net';
import type { Service } from './service.js';

export interface Running {
  /** The address that it listens on. */
  readonly url: string;
  /** Ends the work under way, then disconnects. Safe to call twice. */
  stop(): Promise<void>;
}

export async function runInside({ server, host, port, start, stop }: Service): Promise<Running> {
  const end = async () => {
    await server.close();
    await stop();
  };
  try {
    await server.listen({ host, port });
  } catch (error) {
    await end();
    throw error;
  }
  start();
  const { port: found } = server.server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${found}`, stop: end };
}
