/**
 * A scrape is answered in time, whatever Redis does. Where there are very many queues, it shows the most telling ones,
 * and sums of all.
 */
import { afterEach, expect, test } from '@jest/globals';
import { RedisServer, ServiceProgram, freshBus, until } from '@marblerun/test-support';
import type { QueueStatus } from 'marblerun/communicator';
import { Marble } from 'marblerun';
import { MostTelling, OF_QUEUES } from './most-telling.js';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function started(env: Record<string, string> = {}) {
  const server = await RedisServer.start();
  cleanUp.push(() => server.stop());
  const bus = freshBus(server.url);
  const lanes = JSON.stringify({ runs: { a: { run: bus.run }, b: {} }, lanes: [{ name: 'up', from: 'a', to: 'b' }] });
  const services = {
    monitor: new ServiceProgram('monitor', { env: { MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, ...env } }),
    elevator: new ServiceProgram('elevator', { env: { MARBLERUN_REDIS: bus.redis, MARBLERUN_LANES: lanes } }),
  };
  for (const program of Object.values(services)) cleanUp.push(() => program.kill());
  const marble = new Marble(bus);
  cleanUp.push(() => marble.close());
  return { server, bus, marble, services };
}

async function scrape(program: ServiceProgram) {
  const begun = Date.now();
  const text = await (await fetch(`${await program.url()}/metrics`)).text();
  return { text, tookMs: Date.now() - begun };
}

const KINDS = [
  ['monitor', 'hangs', 'marblerun_up', 'marblerun_queue_depth{'],
  ['monitor', 'is gone', 'marblerun_up', 'marblerun_queue_depth{'],
  ['elevator', 'hangs', 'marblerun_lane_up', 'marblerun_lane_depth{'],
  ['elevator', 'is gone', 'marblerun_lane_up', 'marblerun_lane_depth{'],
] as const;

test.each(KINDS)(
  'the %s answers each scrape within 2 s while its Redis %s, without values',
  async (kind, how, up, value) => {
    const { server, marble, services } = await started();
    const program = services[kind];
    await marble.send('tasks', 1);
    const isUp = (text: string, is: number) => new RegExp(`^${up}\\{[^}]*\\} ${is}$`, 'm').test(text);
    await until('it has values', async () => {
      const { text } = await scrape(program);
      return isUp(text, 1) && text.includes(value);
    });
    if (how === 'hangs') server.signal('SIGSTOP');
    else await server.kill();
    for (let i = 0; i < 4; i++) {
      const { text, tookMs } = await scrape(program);
      expect(tookMs).toBeLessThan(2000);
      expect(isUp(text, 0)).toBe(true);
      expect(text).not.toContain(value);
    }
    if (how === 'hangs') server.signal('SIGCONT');
    else await server.restart();
    await until('it is up again', async () => isUp((await scrape(program)).text, 1));
  },
);

test('of more queues than have metrics of their own the sums are of all, and how many are left out is told', async () => {
  const { bus, marble, services } = await started({ MARBLERUN_METRIC_QUEUES: '5' });
  for (let i = 0; i < 20; i++) await marble.send(`q${i}`, i);
  await marble.sendMany('deepest', [1, 2, 3]);
  const text = await until('all are there', async () => {
    const found = (await scrape(services.monitor)).text;
    return found.includes(`marblerun_queues{run="${bus.run}"} 21`) && found;
  });
  expect(text).toContain(`marblerun_queues_left_out{run="${bus.run}"} 16`);
  expect(text).toContain(`marblerun_run_depth{run="${bus.run}"} 23`);
  expect(text).toContain(`marblerun_run_marbles_total{run="${bus.run}",event="sent"} 23`);
  expect(text.match(/^marblerun_queue_depth\{/gm)).toHaveLength(5);
  expect(text).toContain(`marblerun_queue_depth{run="${bus.run}",queue="deepest"} 3`);
});

test('the most telling are in turn the deepest, the oldest, and those of which most fails', () => {
  const counts = (failed: number) => ({ failed, dropped: 0, dead: 0 }) as QueueStatus['counts'];
  const of = (queue: string, depth: number, oldestMs: number, failed: number): QueueStatus => ({
    ...{ queue, depth, held: 0, oldestMs, counts: counts(failed) },
  });
  const all = [
    of('idle', 0, 0, 0),
    of('deep', 9, 1, 0),
    of('old', 1, 9, 0),
    of('failing', 0, 0, 9),
    of('deeper', 8, 0, 0),
  ];
  const chosen = (most: number) => {
    const telling = new MostTelling(most, OF_QUEUES);
    for (const queue of all) telling.add([queue]);
    return telling.chosen.map(({ queue }) => queue);
  };
  expect(chosen(3)).toEqual(['deep', 'old', 'failing']);
  expect(chosen(0)).toEqual([]);
  expect(chosen(9).sort()).toEqual(all.map(({ queue }) => queue).sort());
});
