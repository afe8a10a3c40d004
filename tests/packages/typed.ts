/**
 * The types, as a newcomer meets them. `plugs.test.ts` compiles this file as it stands, in strict mode, with each
 * compiler and in each mode of modules, with and without `@types/node`. It is never run. Lines that must be errors
 * stand under `@ts-expect-error`.
 */
/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters, @typescript-eslint/no-unused-vars,
   @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-meaningless-void-operator -- types are looked at, nothing is run */
import {
  Marble,
  SendManyError,
  isMarbleRunError,
  type Codec,
  type Handler,
  type HeldMarble,
  type Jsonified,
  type Worker,
} from 'marblerun';
import { compressed, encrypted } from 'marblerun/codecs';
import { fakeMarble, testRun } from 'marblerun/testing';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const same = <A, B>(_are: Same<A, B>): void => undefined;

interface Queues {
  pages: { url: string; at: Date };
  numbers: number;
  bytes: Uint8Array;
}
const typed = new Marble<Queues>();
const plain = new Marble();

/**
 * Uses queues whose data nobody declared: everything may be sent, and data that arrives is `unknown` until it is looked
 * at.
 */
export async function untyped(): Promise<void> {
  await plain.send('anything', { url: 'x' });
  await plain.sendMany('anything', [1, 'two', { three: 3 }]);
  await plain.expedite('anything', 'first', { maxAttempts: 3 });
  const taken = await plain.wait('anything');
  same<typeof taken, unknown>(true);
  for await (const { data, queue, attempt } of plain.each('anything')) {
    same<typeof data, unknown>(true);
    if (data === 'x') await plain.elevate(queue, `${attempt}`);
  }
  plain.work('pages', async ({ url }, page) => {
    for (const link of await linksOf(url)) page.send('pages', { url: link });
  });
}
declare function linksOf(url: string): Promise<string[]>;

/** Receives data as JSON makes it of what was sent. */
export async function arriving(signal: AbortSignalOfTheProgram): Promise<void> {
  const page = await typed.wait('pages', { signal });
  same<typeof page, { url: string; at: string }>(true);
  const late = await typed.wait('numbers', { signal, timeoutMs: 5 });
  same<typeof late, number | undefined>(true);
  const checked = await typed.check('numbers');
  same<typeof checked, number | undefined>(true);
  const bytes = await typed.wait('bytes');
  same<typeof bytes, Uint8Array>(true);
  same<Jsonified<{ a?: Date; m(): void; n: null }>, { a?: string; n: null }>(true);
}
type AbortSignalOfTheProgram = NonNullable<Parameters<typeof typed.each>[1]>['signal'] & object;

/** Takes from several queues; `queue` tells which data it is. */
export async function several(): Promise<void> {
  for await (const held of typed.each(['pages', 'numbers'])) {
    if (held.queue === 'pages') same<typeof held.data, { url: string; at: string }>(true);
    else same<typeof held.data, number>(true);
    // @ts-expect-error it may be a number
    void held.data.url;
    await held.finish();
  }
  typed.work(['pages', 'numbers'], (_data, held) => {
    if (held.queue === 'numbers') same<typeof held.data, number>(true);
    else held.send('pages', { url: held.data.url, at: new Date() });
  });
}

export async function mistakes(): Promise<void> {
  // @ts-expect-error there is no such queue
  await typed.send('page', { url: 'x', at: new Date() });
  // @ts-expect-error there is no such queue
  await typed.wait('page');
  // @ts-expect-error one of them is no queue
  await typed.wait(['pages', 'page']);
  // @ts-expect-error there is no such queue
  typed.each('page');
  // @ts-expect-error there is no such queue
  await typed.sendMany('page', []);
  // @ts-expect-error there is no such queue
  typed.work('page', () => undefined);
  // @ts-expect-error these are the data of another queue
  await typed.send('pages', 5);
  // @ts-expect-error one of them is
  await typed.sendMany('numbers', [1, 'two']);
  // @ts-expect-error these are the data of another queue
  typed.work('numbers', (_data, held) => held.send('pages', 5));
  // @ts-expect-error a marble that goes first cannot wait
  await typed.expedite('numbers', 5, { delayMs: 5 });
  // @ts-expect-error many marbles cannot share one id
  await typed.sendMany('numbers', [5], { id: 'x' });
  // @ts-expect-error there is no such option
  new Marble({ leaseMS: 5 });
  // @ts-expect-error a time is a number
  await typed.wait('numbers', { timeoutMs: '5' });
  // @ts-expect-error the data that arrives is text
  const at: Date = (await typed.wait('pages')).at;
  void at;
}

/** Names a handler, a codec, an error and a test by their types. */
export const handler: Handler<{ n: number }> = ({ n }, held) => held.send('numbers', n);
export const tried = handler({ n: 1 }, fakeMarble({ n: 1 }));

/** A stand-in for a marble can be written without anything of ours; what is internal cannot be reached. */
export const standIn: HeldMarble<Queues, 'numbers', number> = {
  ...{ data: 5, id: '1', queue: 'numbers', attempt: 1, failures: [], batch: undefined },
  ...{ signal: fakeMarble(5).signal, send: () => 'x', expedite: () => 'x', elevate: () => 'x' },
  ...{ retryIn: () => undefined, report: () => Promise.resolve() },
};
export function reach(held: HeldMarble, worker: Worker): void {
  // @ts-expect-error an internal member
  void held.holder;
  // @ts-expect-error an internal member
  held.outputs = [];
  // @ts-expect-error an internal member
  held.isOver = true;
  // @ts-expect-error the data of a marble are not changed in its place
  held.data = 5;
  // @ts-expect-error an internal member
  void worker.giveUp;
  // @ts-expect-error a worker is made by work()
  new Worker();
}
export const codec: Codec = encrypted({ keys: { k: 'x' }, use: 'k' }, compressed({ method: 'brotli' }));
export const ownCodec = new Marble<{ q: Map<string, number> }, { q: Map<string, number> }>({ codec });
export const map: Promise<Map<string, number>> = ownCodec.wait('q');
export const settled: Promise<void> = testRun().settle();
export const code = (error: unknown) => (isMarbleRunError(error) ? error.code : undefined);
export const sent = (error: unknown) => (error instanceof SendManyError ? [error.sent, error.index] : []);
export const monitors = async () => (await plain.status()).monitors.map(({ name }) => name);
