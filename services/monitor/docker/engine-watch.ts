/**
 * Keeps hearing of an engine's containers: every event once, and a listing after each connect that makes up for what was
 * missed.
 *
 * What may go wrong: the engine is away, or its proxy is. Then `isUp` is false, the log says so once, and it is tried
 * again with growing pauses. After that come the events that the engine still remembers, and a listing, from which the
 * rest follows.
 */
import { Loop, type Troubles } from '@marblerun/service';
import type { Engine, EngineContainer, EngineEvents } from './engine.js';
import type { EngineEvent } from './events.js';

/** A part of the Monitor that wants to know what happens to containers. */
export interface EngineListener {
  heard(event: EngineEvent): void;
  /** Called with all containers that have the label, after each connect and every half a minute. */
  listed(containers: readonly EngineContainer[]): void;
}

const LIST_MS = 30_000;
/** The pause after a stream that ended at once, so that a proxy that cuts each stream is not asked without end. */
const SHORT_MS = 1000;
/** The time before the last event that is asked for again: dates of an engine are rounded. */
const OVERLAP_SECONDS = 2;
/** The number of events by which one is known that is told twice: an engine remembers 256. */
const REMEMBERED = 1024;

export class EngineWatch {
  readonly #loop: Loop;
  readonly #listeners: EngineListener[] = [];
  readonly #told = new Set<string>();
  #events: EngineEvents | undefined;
  #latest: number | undefined;
  #isStopped = false;
  /** The error that ended the latest stream. */
  #broken = '';

  /** Does no I/O. */
  constructor(
    readonly engine: Engine,
    troubles: Troubles,
  ) {
    this.#loop = new Loop({ name: 'docker', intervalMs: LIST_MS, work: () => this.#look(), troubles });
  }

  /** Adds a listener, before the start. It must not throw. */
  tell(listener: EngineListener): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#loop.start();
  }

  /** Closes the engine. Safe to call twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.engine.close();
    await this.#loop.stop();
    this.#events = undefined;
  }

  /** True where events are heard. */
  get isUp(): boolean {
    return this.#events !== undefined;
  }

  /** Says why they are not; empty where they are. */
  get trouble(): string {
    return this.isUp ? '' : this.#loop.trouble || this.#broken || 'not connected yet';
  }

  /** Opens the stream where there is none, then lists, in this order: nothing happens unseen between the two. */
  async #look(): Promise<undefined> {
    try {
      if (!this.#events) await this.#open();
      const containers = await this.engine.containers();
      for (const listener of this.#listeners) listener.listed(containers);
    } catch (error) {
      this.#events?.close(); // an engine that does not list may be half gone: it is connected to anew
      this.#events = undefined;
      if (!this.#isStopped) throw error;
    }
  }

  async #open(): Promise<void> {
    const since = this.#latest === undefined ? undefined : this.#latest - OVERLAP_SECONDS;
    this.#events = await this.engine.events(since);
    void this.#hear(this.#events);
  }

  async #hear(events: EngineEvents): Promise<void> {
    const openedAt = performance.now();
    try {
      for await (const event of events) this.#tell(event);
    } catch (error) {
      this.#broken = (error as Error).message; // whether the engine is away is told by the next connect
    }
    if (this.#events !== events) return;
    this.#events = undefined;
    this.#loop.wake(performance.now() - openedAt < SHORT_MS ? SHORT_MS : 0);
  }

  #tell(event: EngineEvent): void {
    this.#latest = event.at;
    if (this.#told.has(event.key)) return;
    this.#told.add(event.key);
    for (const oldest of this.#told) {
      if (this.#told.size <= REMEMBERED) break;
      this.#told.delete(oldest);
    }
    for (const listener of this.#listeners) listener.heard(event);
  }
}
