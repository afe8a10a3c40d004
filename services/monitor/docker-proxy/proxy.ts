/**
 * A proxy in front of the socket of a Docker engine: it lets through what `gate.ts` admits, about labelled containers.
 *
 * A container is made only where one with the label exists that has the same image and the same rights on its host. What
 * may go wrong: the engine does not answer, which is told by a status (502).
 */
import { chmodSync, rmSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@marblerun/service';
import { RUN_LABEL } from '../docker/engine.js';
import type { ProxyConfig } from './config.js';
import { admit, isRecord, parse, type Admitted } from './gate.js';

/** The largest description of a container that is read. */
const MOST_BYTES = 1_048_576;
const TOO_LONG = `the body has more than ${MOST_BYTES} bytes`;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export class DockerProxy {
  readonly #server: Server;

  /** Does no I/O. */
  constructor(
    private readonly config: ProxyConfig,
    private readonly log: Logger,
  ) {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        this.log.warn({ err: error, method: request.method, path: request.url }, 'the engine does not answer');
        tell(response, 502, `the engine does not answer: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
      });
    });
  }

  /** Listens, for every user: who may come here is decided by who has this folder. */
  async start(): Promise<void> {
    const { socket } = this.config;
    rmSync(socket, { force: true }); // one that was killed has left it
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(socket, resolve);
    });
    chmodSync(socket, 0o666);
  }

  /** Cuts all connections. Safe to call twice. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const body = await read(request);
    const admitted = body === undefined ? TOO_LONG : admit(method, url, this.config.allow);
    if (typeof admitted === 'string') {
      this.#refuse(request, response, admitted);
      return;
    }
    const about = await this.#about(admitted);
    if (about?.status === 404) {
      tell(response, 404, 'no such container'); // removed since it was listed, which is no attempt at anything
      return;
    }
    const refusal = await this.#refusalOf(admitted, about, body ?? '');
    if (refusal === undefined) await this.#forward(admitted, body ?? '', response);
    else this.#refuse(request, response, refusal);
  }

  #refuse({ method, url = '' }: IncomingMessage, response: ServerResponse, why: string): void {
    this.log.warn({ audit: 'refusal', method, path: url.slice(0, 200), why }, 'refused');
    tell(response, 403, why);
  }

  async #refusalOf({ container, creates }: Admitted, about: Answer | undefined, body: string) {
    if (about && !isLabelled(about)) return `there is no container ${container} with the label ${RUN_LABEL}`;
    if (creates && !(await this.#isAlike(parse(body))))
      return `no container with the label ${RUN_LABEL} has this image and this HostConfig`;
    return undefined;
  }

  /** Returns what the engine says of the container that a request is about; undefined where it is about none. */
  async #about({ container }: Admitted): Promise<Answer | undefined> {
    return container === undefined ? undefined : this.#ask(`/containers/${container}/json`);
  }

  /** True for a description with the label, of which a container exists with the label, the same image and the same rights. */
  async #isAlike(wanted: unknown): Promise<boolean> {
    if (!isRecord(wanted) || !isRecord(wanted['Labels']) || wanted['Labels'][RUN_LABEL] === undefined) return false;
    const filters = encodeURIComponent(JSON.stringify({ label: [RUN_LABEL] }));
    const { body } = await this.#ask(`/containers/json?all=true&filters=${filters}`);
    for (const listed of Array.isArray(body) ? (body as unknown[]) : []) {
      const { body: found } = await this.#ask(`/containers/${String(isRecord(listed) && listed['Id'])}/json`);
      if (!isRecord(found) || !isRecord(found['Config'])) continue;
      const images = [found['Image'], found['Config']['Image']];
      if (images.includes(wanted['Image']) && isDeepStrictEqual(found['HostConfig'], wanted['HostConfig'])) return true;
    }
    return false;
  }

  async #ask(path: string): Promise<Answer> {
    const reply = await this.#send({ method: 'GET', path }, '');
    const chunks: Buffer[] = [];
    for await (const chunk of reply) chunks.push(chunk as Buffer);
    return { status: reply.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString()) };
  }

  async #forward(admitted: Admitted, body: string, response: ServerResponse): Promise<void> {
    const { method, path } = admitted;
    if (method === 'POST' || method === 'DELETE')
      this.log.info({ audit: 'change', method, path }, 'lets a change through');
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const reply = await this.#send(admitted, body, abort.signal);
    const type = reply.headers['content-type'];
    response.writeHead(reply.statusCode ?? 502, type === undefined ? {} : { 'content-type': type });
    response.flushHeaders(); // a stream of events may say nothing for long
    reply.once('error', () => response.destroy());
    reply.pipe(response);
  }

  #send({ method, path }: Admitted, body: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const headers = body === '' ? {} : { 'content-type': 'application/json' };
    const options = { socketPath: this.config.engine, method, path, headers, ...(signal ? { signal } : {}) };
    return new Promise((resolve, reject) => {
      httpRequest(options, resolve).once('error', reject).end(body);
    });
  }
}

function isLabelled({ status, body }: Answer): boolean {
  return status === 200 && labelsOf(body)[RUN_LABEL] !== undefined;
}

function labelsOf(container: unknown): Record<string, unknown> {
  if (!isRecord(container) || !isRecord(container['Config'])) return {};
  const labels = container['Config']['Labels'];
  return isRecord(labels) ? labels : {};
}

/** Reads a body; undefined where it is too long. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes <= MOST_BYTES) chunks.push(chunk as Buffer);
  }
  return bytes > MOST_BYTES ? undefined : Buffer.concat(chunks).toString();
}

function tell(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
}
