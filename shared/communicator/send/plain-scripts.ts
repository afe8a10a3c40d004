/** The scripts by which a sender sends to the back of one queue, as nearly every send does. */
import { BoundScript } from '../redis/bound-script.js';
import type { RunKeys } from '../redis/keys.js';

/** How long Redis remembers the last command of a sender. */
export const REMEMBER_MS = 3_600_000;

/** Each script is bound when it is called: a sender that goes from queue to queue binds `push` alone. */
export class PlainScripts {
  #push: BoundScript<'push', 'rememberMs' | 'queue'> | undefined;
  #pushNext: BoundScript<'pushNext', 'rememberMs' | 'queue'> | undefined;
  #pushBehind: BoundScript<'pushBehind', 'rememberMs' | 'field'> | undefined;

  constructor(
    private readonly keys: RunKeys,
    private readonly id: string,
    readonly queue: string,
  ) {}

  get push(): BoundScript<'push', 'rememberMs' | 'queue'> {
    return (this.#push ??= new BoundScript(this.keys, 'push', this.#whole()));
  }

  /** Sends what follows a command that is under way. */
  get pushNext(): BoundScript<'pushNext', 'rememberMs' | 'queue'> {
    return (this.#pushNext ??= new BoundScript(this.keys, 'pushNext', this.#whole()));
  }

  /** Sends one behind others that wait. */
  get pushBehind(): BoundScript<'pushBehind', 'rememberMs' | 'field'> {
    return (this.#pushBehind ??= new BoundScript(this.keys, 'pushBehind', {
      keys: this.#ends(),
      args: { rememberMs: REMEMBER_MS, field: `${this.queue} sent` },
    }));
  }

  #whole() {
    const { keys, queue } = this;
    return { keys: { ...this.#ends(), wake: keys.wake(queue) }, args: { rememberMs: REMEMBER_MS, queue } };
  }

  #ends() {
    return { sender: this.keys.sender(this.id), list: this.keys.queue(this.queue) };
  }
}
