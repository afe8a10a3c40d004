/**
 * Set-up for the tests of this folder: each test gets a bus of its own and a view of it from outside. After the test
 * everything that was opened is closed.
 */
import { afterEach, beforeEach } from '@jest/globals';
import { freshBus, type Bus } from '@marblerun/test-support';
import { Communicator } from '../communicator/communicator.js';
import { Marble } from './marble.js';
import type { MarbleOptions } from './options.js';

export let bus: Bus;
export let peek: Communicator;
let open: { close(): Promise<void> }[];

beforeEach(() => {
  bus = freshBus();
  peek = new Communicator(bus);
  open = [peek];
});
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
});

export function marbleOf(options: MarbleOptions = {}): Marble {
  const marble = new Marble({ ...bus, ...options });
  open.push(marble);
  return marble;
}

export const sweep = () => peek.recovery.sweep(5);

/** Returns the data of the marbles that wait in a queue. */
export const waiting = async (queue: string) => {
  const envelopes = await peek.dump(queue, 0, 10_000);
  await peek.largeData.readAll(envelopes);
  return envelopes.map(({ data }) => JSON.parse(data.toString()) as unknown);
};
