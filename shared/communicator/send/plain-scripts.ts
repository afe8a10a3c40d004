/** The scripts by which a sender sends to the back of one queue, as nearly every send does. */
import { BoundScript } from '../redis/bound-script.js';
import type { RunKeys } from '../redis/keys.js';

/** How long Redis remembers the last command of a sender. */
export const REMEMBER_MS = 3_600_000;

export class PlainScripts {
  readonly push: BoundScript<'push', 'rememberMs' | 'queue'>;
  /** Sends what follows a command that is under way. */
  readonly pushNext: BoundScript<'pushNext', 'rememberMs' | 'queue'>;
  /** Sends one behind others that wait. */
  readonly pushBehind: BoundScript<'pushBehind', 'rememberMs' | 'field'>;

  constructor(
    keys: RunKeys,
    id: string,
    readonly queue: string,
  ) {
    const [sender, list, rememberMs] = [keys.sender(id), keys.queue(queue), REMEMBER_MS];
    const behind = { keys: { sender, list }, args: { rememberMs, field: `${queue} sent` } };
    const whole = { keys: { sender, list, wake: keys.wake(queue) }, args: { rememberMs, queue } };
    this.push = new BoundScript(keys, 'push', whole);
    this.pushNext = new BoundScript(keys, 'pushNext', whole);
    this.pushBehind = new BoundScript(keys, 'pushBehind', behind);
  }
}
