/**
 * Runs a service as a process: reads its configuration, runs, and stops in order.
 *
 * SIGTERM, SIGINT or an uncaught error stops it: it takes no new requests and finishes what is under way, for at most
 * `drainMs`. A second signal ends it at once. A mistake in the configuration ends it with code 78 (EX_CONFIG) before
 * anything is touched.
 */
import type { AddressInfo } from 'node:net';
import closeWithGrace from 'close-with-grace';
import { isMarbleRunError } from 'marblerun';
import { leaveSignals } from './early.js';
import type { Logger } from './logger.js';
import type { Server } from './server.js';

export interface Service {
  readonly server: Server;
  readonly log: Logger;
  readonly host: string;
  readonly port: number;
  readonly drainMs: number;
  /** The first line of its log: version, runs, and where Redis is. It holds no secret. */
  readonly about: Readonly<Record<string, unknown>>;
  /** Starts and stops the work beside the server. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

const EX_CONFIG = 78;

/**
 * Builds what a program needs from its settings. Where these are not allowed it says so, sets the exit code, and returns
 * undefined.
 */
export function configured<T>(build: () => T): T | undefined {
  try {
    return build();
  } catch (error) {
    if (!isMarbleRunError(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EX_CONFIG;
    return undefined;
  }
}

export async function runService(build: () => Service): Promise<void> {
  const service = configured(build);
  if (!service) return;
  const { server, log, host, port, drainMs } = service;
  const stopping = new AbortController();
  closeWithGrace({ delay: drainMs || false, logger: log }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'stopping because of an error');
    else log.info({ signal }, 'stops');
    stopping.abort();
    await server.close();
    await service.stop();
    log.info('stopped');
  });
  leaveSignals();
  log.info(service.about, 'starts');
  await server.listen({ host, port }).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  if (stopping.signal.aborted) return; // it was stopped while it began to listen
  const address = server.server.address() as AddressInfo;
  log.info({ host: address.address, port: address.port }, 'listening');
  service.start();
}
