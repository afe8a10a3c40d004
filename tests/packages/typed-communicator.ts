/**
 * The types of the communicator, which include those of ioredis and Node.js: so this is apart from `typed.ts`.
 * `plugs.test.ts` compiles it as it stands. It is never run.
 */
/* eslint-disable @typescript-eslint/no-meaningless-void-operator -- types are looked at, nothing is run */
import { Communicator, type Part, type SweepResult } from 'marblerun/communicator';

const bus = new Communicator();
export const sweep: Promise<SweepResult> = bus.recovery.sweep(5);
export const allowed = (part: Part): Promise<void> => bus.mustBeAllowed(part);

/** Shows that nothing internal can be reached. */
export function reach(): void {
  // @ts-expect-error it is internal
  void bus.holders;
  // @ts-expect-error it is internal
  void bus.recovery.releaseUnbegun;
  // @ts-expect-error it is internal
  void bus.recovery.release;
}
