/**
 * A Docker engine, or a proxy in front of it: what runs on it, what happens to it, and a few commands.
 *
 * It is asked through `dockerode`, which is loaded with the first question, so a Monitor without Docker pays nothing
 * for it. What may go wrong: nobody answers (MR_DOCKER_UNAVAILABLE), or the engine or its proxy refuses
 * (MR_DOCKER_REFUSED). Nothing is tried again here. Ids say which container is meant, never names: a name may be used
 * again.
 */
import { Agent as HttpAgent, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type Docker from 'dockerode';
import type { ContainerCreateOptions, ContainerInspectInfo, GetEventsOptions } from 'dockerode';
import { z } from 'zod';
import { describeEngine, type EngineAddress } from './address.js';
import { engineError, statusOf } from './engine-error.js';
import { EVENTS, readEvents, type EngineEvent } from './events.js';

/** The label whose value names the runs that the processes of a container work for. */
export const RUN_LABEL = 'marblerun.run';

export interface EngineContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Docker's word: `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  readonly state: string;
  /** The image: its name, or its id where that name is another image's by now. */
  readonly image: string;
}

export interface EngineEvents extends AsyncIterable<EngineEvent> {
  close(): void;
}

/** A question or a command, and the time that its answer may take. */
interface Request<T> {
  readonly what: string;
  readonly withinMs: number;
  readonly send: (docker: Docker, abortSignal: AbortSignal) => Promise<T>;
}

/** The time that an engine gives a container to end which says nothing of it. */
const STOP_SECONDS = 10;
const ANSWER_MS = 5000;
/** The time that a command may take, beyond what it gives the container to end in order. */
const COMMAND_MS = 30_000;
/** The silence after which the system asks whether the other side of the stream of events still lives. */
const KEEP_ALIVE_MS = 15_000;

const listed = z.array(
  z
    .object({
      ...{ Id: z.string(), Names: z.array(z.string()), State: z.string(), Image: z.string().default('') },
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .transform(({ Id: id, Names: [name = ''], Labels, State: state, Image: image }): EngineContainer => {
      return { id, name: name.replace(/^\//, ''), labels: Labels ?? {}, state, image };
    }),
);

export class Engine {
  readonly #agent: HttpAgent;
  readonly #underWay = new Set<AbortController>();
  #docker: Promise<Docker> | undefined;
  #isClosed = false;

  /** Does no I/O. */
  constructor(private readonly address: EngineAddress) {
    this.#agent = 'socketPath' in address ? new HttpAgent() : new HttpsAgent();
  }

  /** The address, for people. */
  get name(): string {
    return describeEngine(this.address);
  }

  /** True once it was closed: whatever fails from then on fails because of that. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Lists containers that have a label, or this `label=value`, whether they run or not. */
  containers(label: string = RUN_LABEL): Promise<EngineContainer[]> {
    const filters = { label: [label] };
    return this.#ask({
      ...{ what: 'list containers', withinMs: ANSWER_MS },
      send: async (docker, abortSignal) =>
        listed.parse(await docker.listContainers({ all: true, filters, abortSignal })),
    });
  }

  /** Tells all about a container; undefined where there is none of this id. */
  async inspect(id: string): Promise<ContainerInspectInfo | undefined> {
    try {
      return await this.#ask({
        ...{ what: `inspect ${id}`, withinMs: ANSWER_MS },
        send: (docker, abortSignal) => docker.getContainer(id).inspect({ abortSignal }),
      });
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /**
   * Hears what happens to containers that have the label. It begins with what the engine remembers since that date by
   * the engine's own clock, in seconds. The iteration ends with the stream, and throws where that breaks.
   */
  async events(since?: number): Promise<EngineEvents> {
    const filters: GetEventsOptions['filters'] = { type: ['container'], label: [RUN_LABEL], event: [...EVENTS] };
    const stream = await this.#ask({
      ...{ what: 'hear events', withinMs: ANSWER_MS },
      send: async (docker, abortSignal) => {
        const reply = await docker.getEvents({ filters, ...(since === undefined ? {} : { since }), abortSignal });
        if (reply instanceof IncomingMessage) return reply;
        throw new Error('what answers is no stream');
      },
    });
    stream.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return { close: () => stream.destroy(), [Symbol.asyncIterator]: () => readEvents(stream) };
  }

  start(id: string): Promise<void> {
    return this.#command(`start ${id}`, 0, (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }));
  }

  /** Asks the container to end, and kills it after that time. */
  stop(id: string, graceSeconds: number): Promise<void> {
    return this.#command(`stop ${id}`, graceSeconds, (docker, abortSignal) =>
      docker.getContainer(id).stop({ t: graceSeconds, abortSignal }),
    );
  }

  /** Asks the container to end, kills it after that time, and starts it again. */
  restart(id: string, graceSeconds: number): Promise<void> {
    return this.#command(`restart ${id}`, graceSeconds, (docker, abortSignal) =>
      docker.getContainer(id).restart({ t: graceSeconds, abortSignal }),
    );
  }

  /** Creates a container, which does not run yet. Returns its id. */
  create(options: ContainerCreateOptions): Promise<string> {
    return this.#ask({
      ...{ what: 'create a container', withinMs: COMMAND_MS },
      send: async (docker, abortSignal) => (await docker.createContainer({ ...options, abortSignal })).id,
    });
  }

  /** Removes a container that does not run, with its anonymous volumes. */
  remove(id: string): Promise<void> {
    return this.#command(`remove ${id}`, 0, (docker, abortSignal) =>
      docker.getContainer(id).remove({ v: true, abortSignal }),
    );
  }

  /** Breaks off whatever is under way. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    for (const request of this.#underWay) request.abort(new Error('the Monitor stops'));
    this.#agent.destroy();
  }

  /** Sends a command. An engine that answers "it is so already" (304) has done it. */
  async #command(what: string, graceSeconds: number, send: Request<unknown>['send']): Promise<void> {
    try {
      await this.#ask({ what, withinMs: COMMAND_MS + 1000 * graceSeconds, send });
    } catch (error) {
      if (statusOf(error) !== 304) throw error;
    }
  }

  async #ask<T>({ what, withinMs, send }: Request<T>): Promise<T> {
    const request = new AbortController();
    const timer = setTimeout(() => request.abort(new Error(`no answer within ${withinMs} ms`)), withinMs);
    this.#underWay.add(request);
    try {
      if (this.#isClosed) throw new Error('the Monitor stops');
      this.#docker ??= connect(this.address, this.#agent);
      return await send(await this.#docker, request.signal);
    } catch (error) {
      throw engineError(`cannot ${what} at ${this.name}`, request.signal.aborted ? request.signal.reason : error);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(request);
    }
  }
}

/** Returns the time that a container is given to end, in seconds: `stop_grace_period` of compose. */
export function stopSeconds({ Config }: ContainerInspectInfo): number {
  return (Config as { StopTimeout?: number }).StopTimeout ?? STOP_SECONDS; // the types do not know of it
}

/** Loads `dockerode`. All that it would take from the environment (DOCKER_HOST) is given, so that it takes nothing. */
async function connect(address: EngineAddress, agent: HttpAgent): Promise<Docker> {
  const { default: Client } = await import('dockerode');
  const { tls, ...place } = { host: undefined, port: undefined, tls: undefined, ...address };
  const options = { agent, protocol: tls ? ('https' as const) : ('http' as const), ...place, ...tls };
  return new Client(options);
}
