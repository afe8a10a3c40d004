/**
 * Sends that wait for the replica, under Sentinel: an acknowledged marble is there after each failover.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Sentinels, until } from '@marblerun/test-support';
import { Marble, isMarbleRunError, type MarbleOptions } from 'marblerun';

jest.setTimeout(300_000);

let sentinels: Sentinels;
let options: MarbleOptions;
beforeAll(async () => {
  sentinels = await Sentinels.start({ failoverTimeoutMs: 2000 });
  await sentinels.hurry();
  options = { redis: { sentinels: sentinels.addresses, master: sentinels.name }, replicas: 1, replicasTimeoutMs: 300 };
});
afterAll(() => sentinels.stop());

/** Sends marbles one after the other, through everything that happens, until it is told to stop. */
class Sending {
  readonly acknowledged: number[] = [];
  unsure = 0;
  #stopping = false;
  readonly #done: Promise<void>;

  constructor(private readonly marble: Marble) {
    this.#done = this.#send();
  }

  async #send(): Promise<void> {
    for (let n = 0; !this.#stopping; n++) {
      try {
        await this.marble.send('q', n);
        this.acknowledged.push(n);
      } catch (error) {
        if (!isMarbleRunError(error, 'MR_TOO_FEW_REPLICAS')) throw error;
        this.unsure++;
      }
    }
  }

  /** Resolves when so many more have been acknowledged. */
  async more(n = 50): Promise<void> {
    const enough = this.acknowledged.length + n;
    await until(`${n} more are acknowledged`, () => this.acknowledged.length >= enough, { deadlineMs: 60_000 });
  }

  stop(): Promise<void> {
    this.#stopping = true;
    return this.#done;
  }
}

test('acknowledged sends survive a failover from a living master and the kill -9 of the next, in their order', async () => {
  const sender = new Marble(options);
  const worker = new Marble<{ q: number }>(options);
  const sending = new Sending(sender);
  await sending.more();
  const first = await sentinels.roles();

  await sentinels.failOver();
  await sentinels.promoted(first.other);
  await sentinels.whole(); // the old master has forgotten what it took alone
  await sending.more();
  expect((await sentinels.roles()).master).toBe(first.other);
  expect(sending.unsure).toBeGreaterThan(0); // these were sent to the old master while nobody followed it

  await first.other.kill();
  await sentinels.promoted(first.master);
  await sentinels.restartAsReplica(first.other, first.master);
  await sentinels.whole();
  await sending.more();
  await sending.stop();

  const found: number[] = [];
  for (;;) {
    const n = await worker.check('q');
    if (n === undefined) break;
    found.push(n);
    await worker.finish();
  }
  const there = new Set(found);
  expect(sending.acknowledged.filter((n) => !there.has(n))).toEqual([]);
  expect(found).toEqual([...there].sort((a, b) => a - b));
  expect(found.length).toBeLessThanOrEqual(sending.acknowledged.length + sending.unsure);
  await Promise.all([sender.close(), worker.close()]);
});
