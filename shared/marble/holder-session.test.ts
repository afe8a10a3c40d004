import { afterEach, expect, test } from '@jest/globals';
import { Communicator } from '../communicator/communicator.js';
import { HolderSession, type SwapOutcome } from './holder-session.js';
import { resolveOptions } from './options.js';
import { bus, marbleOf, peek, waiting } from './testing.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Returns a session. `lost` is called when its holder was given up. */
function sessionOf(lost: () => void = () => undefined): HolderSession {
  const options = resolveOptions(bus);
  const communicator = new Communicator(options);
  const session = new HolderSession(communicator, options, { takesAhead: false, lost });
  closing.push(async () => {
    await session.leave();
    await communicator.close();
  });
  return session;
}
const take = (session: HolderSession) => session.swap({ sources: ['a'], want: 1 });

test('a holder that was given up is replaced within the same call', async () => {
  await marbleOf().sendMany('a', [1, 2]);
  let losses = 0;
  const session = sessionOf(() => losses++);
  const { taken: first } = await take(session);
  const before = session.id!;
  await peek.recovery.release(before, '');
  const { taken: second, refused } = await session.swap({
    finish: [{ held: first[0]!, outputs: [] }],
    sources: ['a'],
    want: 1,
  });
  expect([losses, refused, session.id === before]).toEqual([1, new Set(first), false]);
  const finished = await session.swap({ finish: [{ held: second[0]!, outputs: [] }] });
  expect([finished.refused.size, await waiting('a')]).toEqual([0, [2]]);
});

test('where several calls hear that it was given up, the holder that followed keeps what it takes', async () => {
  await marbleOf().sendMany('a', [1, 2]);
  let next: Promise<SwapOutcome> | undefined;
  const session = sessionOf(() => {
    queueMicrotask(() => void (next ??= take(session))); // enters the next holder while other calls wait for answers
  });
  const { taken: first } = await take(session);
  await peek.recovery.release(session.id!, '');
  const released = { held: first[0]!, verdict: 'release', delayMs: 0 } as const;
  await Promise.all([session.swap({}), ...Array.from({ length: 20 }, () => session.giveBack([released]))]);
  const { taken } = await next!;
  const { refused } = await session.swap({ finish: [{ held: taken[0]!, outputs: [] }] });
  expect([taken.length, refused.size]).toEqual([1, 0]);
  expect(await peek.status.holders()).toHaveLength(1);
});
