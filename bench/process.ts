/** A process of a contestant, as the bench sees it: `child.ts` is the other end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { contestant as named } from './contestants/index.js';
import { placed, type Cores } from './cores.js';
import type { Replies, Reply, Requests, Verb } from './protocol.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** The time that a contestant may take to close in order. */
const CLOSE_MS = 3000;

export interface Place {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cores: Cores;
}

export class Process {
  readonly #child: ChildProcess;
  readonly #ready: Promise<unknown>;
  readonly #open = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #id = 0;

  constructor(
    contestant: string,
    { url, env, cores }: Place,
    private readonly ended: () => void,
  ) {
    const runtime = named(contestant).runtime ?? process.execPath;
    const [program = '', ...args] = placed(cores, 'client', [runtime, CHILD, contestant, url]);
    this.#child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#ready = new Promise((resolve) => this.#child.once('message', resolve));
    this.#child.on('message', (reply: Reply | 'ready') => {
      if (reply === 'ready') return;
      const open = this.#open.get(reply.id);
      this.#open.delete(reply.id);
      if ('error' in reply) open?.reject(new Error(`${contestant}: ${reply.error}`));
      else open?.resolve(reply.result as never);
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#open.values()) reject(new Error(`${contestant}: the process ended with ${code}`));
      this.#open.clear();
    });
  }

  /** Resolves with the answer, once the process is there. */
  ask<V extends Verb>(verb: V, args: Requests[V] = {} as Requests[V]): Promise<Replies[V]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      this.#open.set(id, { resolve, reject });
      void this.#ready.then(() => this.#child.connected && this.#child.send({ id, verb, args }));
    });
  }

  /** In order where it can, else by force. Safe twice. */
  async end(): Promise<void> {
    this.ended();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    const force = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_MS);
    this.ask('close').catch(() => undefined);
    await gone;
    clearTimeout(force);
  }
}
