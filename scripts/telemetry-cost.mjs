/**
 * Measures the cost of tracing and metrics for a worker: the CPU time of this process for each marble, beside a worker
 * without them. All ways take turns in one process, in another order each round, so that other load on the machine
 * meets them alike. It prints the medians, and the range of the middle half of the ratios.
 */
import * as api from '@opentelemetry/api';
import { RedisServer } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Counter, Histogram, Registry } from 'prom-client';

const MARBLES = 20_000;
const ROUNDS = 20;

const metrics = { registry: new Registry(), Counter, Histogram };
const WAYS = {
  without: {},
  'tracing, no SDK': { tracing: api },
  metrics: { metrics },
  'tracing, no SDK, and metrics': { tracing: api, metrics },
};

const server = await RedisServer.start();
const sender = new Marble({ redis: server.url });
const micros = Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]));
for (let round = 0; round <= ROUNDS; round++) {
  const ways = Object.entries(WAYS);
  for (const [way, options] of [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)]) {
    await sender.sendMany(
      'measured',
      Array.from({ length: MARBLES }, (_, n) => ({ n })),
    );
    const each = await workThrough(options);
    if (round > 0) micros[way].push(each); // the first round warms up
  }
}
for (const [way, all] of Object.entries(micros)) {
  const ratios = all.map((each, round) => each / micros.without[round]);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
  const cpu = quantile(all, 0.5).toFixed(1);
  console.log(`${way}: ${cpu} µs of CPU per marble, ${middle} times (${low} to ${high})`);
}
await sender.close();
await server.stop();

async function workThrough(options) {
  const marble = new Marble({ redis: server.url, ...options });
  let left = MARBLES;
  let done;
  const all = new Promise((resolve) => (done = resolve));
  const before = process.cpuUsage();
  const worker = marble.work('measured', async () => --left === 0 && done(), { concurrency: 50 });
  await all;
  await worker.stop();
  const { user, system } = process.cpuUsage(before);
  await marble.close();
  return (user + system) / MARBLES;
}

function quantile(list, share) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length * share)];
}
