/**
 * A server that answers as a Docker engine does, for tests that need none: it lists what it is told, and its events are
 * those of the test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DoubledContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  state: string;
}

export class EngineDouble {
  readonly containers: DoubledContainer[] = [];
  /** The dates that events were asked for from, one for each stream. */
  readonly sinces: (string | null)[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'marblerun-engine-'));
  readonly #streams = new Set<ServerResponse>();
  /** The dates of two events differ, as those of an engine do. */
  #nanos = Date.now() * 1e6;
  #server: Server | undefined;

  get socketPath(): string {
    return join(this.#folder, 'docker.sock');
  }

  get address(): string {
    return `unix://${this.socketPath}`;
  }

  /** The number of streams of events that are open. */
  get listeners(): number {
    return this.#streams.size;
  }

  async open(): Promise<void> {
    this.#server = createServer(({ url = '' }, response) => {
      if (url.startsWith('/events')) this.#listen(url, response);
      else response.end(JSON.stringify(this.containers.map(listed)));
    });
    await new Promise<void>((resolve) => this.#server!.listen(this.socketPath, resolve));
  }

  /** Tells all who listen, and returns the line that it has written. */
  tell(action: string, { id, name, labels }: DoubledContainer): string {
    this.#nanos += 1e6;
    const actor = { ID: id, Attributes: { name, ...labels } };
    const time = Math.floor(this.#nanos / 1e9);
    const line = JSON.stringify({ Type: 'container', Action: action, Actor: actor, time, timeNano: this.#nanos });
    this.write(`${line}\n`);
    return line;
  }

  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /** Cuts all that listen; they may come again. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
    this.#server?.closeAllConnections();
    await closed;
    this.#server = undefined;
  }

  async remove(): Promise<void> {
    await this.close();
    rmSync(this.#folder, { recursive: true });
  }

  #listen(url: string, response: ServerResponse): void {
    this.sinces.push(new URL(url, 'http://docker').searchParams.get('since'));
    this.#streams.add(response);
    response.once('close', () => this.#streams.delete(response));
    response.writeHead(200).flushHeaders();
  }
}

function listed({ id, name, labels, state }: DoubledContainer) {
  return { Id: id, Names: [`/${name}`], Labels: labels, State: state };
}
