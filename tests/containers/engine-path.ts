/**
 * A path to the Docker engine of this machine that a test can close, and on which it can tell events that have not
 * happened.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server as TlsServer, type TlsOptions } from 'node:tls';

const ENGINE = '/var/run/docker.sock';

export class EnginePath {
  readonly #folder = mkdtempSync(join(tmpdir(), 'marblerun-engine-'));
  readonly #streams = new Set<ServerResponse>();
  /** The dates of two events differ, as those of an engine do. */
  #nanos = Date.now() * 1e6;
  #server: Server | undefined;

  get address(): string {
    return `unix://${this.#socket}`;
  }

  get #socket(): string {
    return join(this.#folder, 'docker.sock');
  }

  /** The number of streams of events that are open. */
  get listeners(): number {
    return this.#streams.size;
  }

  async open(): Promise<void> {
    this.#server = createServer((asked, response) => this.#pass(asked, response));
    await new Promise<void>((resolve) => this.#server!.listen(this.#socket, resolve));
  }

  /** Cuts all that is under way, and takes nothing more. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
    this.#server?.closeAllConnections();
    await closed;
    this.#server = undefined;
  }

  /** Tells all who listen of an event. */
  tell(action: string, id: string, attributes: Readonly<Record<string, string>>): void {
    const time = Math.floor(Date.now() / 1000);
    const actor = { ID: id, Attributes: attributes };
    this.#nanos += 1e6;
    const event = { Type: 'container', Action: action, Actor: actor, time, timeNano: this.#nanos };
    for (const stream of this.#streams) stream.write(`${JSON.stringify(event)}\n`);
  }

  /** Closes it and removes its folder. */
  async remove(): Promise<void> {
    await this.close();
    rmSync(this.#folder, { recursive: true });
  }

  #pass({ method, url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const onward = request({ socketPath: ENGINE, method, path: url, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers).flushHeaders();
      if (url.includes('/events')) this.#streams.add(response);
      reply.once('error', () => response.destroy()).pipe(response);
    });
    response.once('close', () => {
      this.#streams.delete(response);
      onward.destroy();
    });
    onward.once('error', () => response.destroy()).end();
  }
}

/** Listens with TLS on a free port, and passes everything on to the engine. */
export async function tlsToEngine(options: TlsOptions): Promise<{ readonly port: number; stop(): Promise<unknown> }> {
  const server: TlsServer = createTlsServer(options, (client) => {
    const engine = connect(ENGINE);
    client.once('error', () => engine.destroy()).pipe(engine);
    engine.once('error', () => client.destroy()).pipe(client);
    client.once('close', () => engine.destroy());
  });
  server.on('tlsClientError', () => undefined); // whoever has no certificate is sent away
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { port, stop: () => new Promise((resolve) => server.close(resolve)) };
}
