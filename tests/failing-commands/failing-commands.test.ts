/**
 * A script that fails half-way is not undone. Whatever command of it fails, for whatever key, no marble may be lost.
 *
 * For each command in each script, a user loses the right to run that command from one moment to the next. For each key
 * that each script writes, a key of another type takes its place. Then everything is mended and a Monitor sweeps. Every
 * marble that was sent and is not finished must be found, once or twice. No batch may wait for a marble that is not there. And the error must say what has to be mended.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisServer } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import { scriptNames, type ScriptName } from '@marblerun/internal';
import { isMarbleRunError } from 'marblerun/communicator';
import { misledBatches } from './batch-place.js';
import { faultsOf, type Fault } from './faults.js';
import { Place } from './place.js';
import type { Scenario } from './scenario.js';
import { NEVER } from './never.js';
import { SCENARIOS } from './scenarios.js';
import { commandsIn, watch, type Seen } from './watched.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** Plays a scenario with a fault. Returns, in words, everything that is wrong afterwards. */
async function play(scenario: Scenario, fault: Fault): Promise<string[]> {
  const place = await Place.open(server.url);
  try {
    const act = await scenario.prepare(place);
    const mend = await fault.spoil(place);
    let gone: readonly string[] = [];
    let error: unknown;
    await act().then(
      (ids) => (gone = ids),
      (thrown: unknown) => (error = thrown),
    );
    await mend();
    if (scenario.again && error !== undefined) gone = await act();
    await place.recover();
    const [lost, tripled] = [await place.lost(gone), await place.tripled()];
    const batches = scenario.spoilsCounts ? [] : await misledBatches(place);
    const withoutData = scenario.spoilsData || fault.name === 'data:' ? [] : await place.withoutData();
    return [
      ...(lost.length > 0 ? [`lost ${lost.length} of ${place.sent.size} marbles`] : []),
      ...(tripled.length > 0 ? [`${tripled.length} marbles are there more than twice`] : []),
      ...batches,
      ...withoutData,
      ...(error === undefined || isNamed(error, fault) ? [] : [`unclear: ${told(error)}`]),
    ];
  } catch (error) {
    return [`not mended: ${told(error)}`];
  } finally {
    await place.close();
  }
}

const told = (error: unknown) => (error instanceof Error ? error.message : 'no error at all');

function isNamed(error: unknown, fault: Fault): boolean {
  return isMarbleRunError(error, fault.code) && error.message.toLowerCase().includes(fault.name.toLowerCase());
}

async function watched(script: ScriptName, scenario: Scenario): Promise<Seen> {
  const place = await Place.open(server.url);
  try {
    const act = await scenario.prepare(place);
    return await watch(place.redis, script, act);
  } finally {
    await place.close();
  }
}

test.each(scriptNames())(
  '%s: no marble is lost whatever command of it fails, and the error names it',
  async (script) => {
    const scenarios = SCENARIOS[script] ?? [];
    const reached = new Set(NEVER[script]);
    const wrong: string[] = [];
    for (const scenario of scenarios) {
      const seen = await watched(script, scenario);
      for (const command of seen.commands) reached.add(command);
      for (const fault of faultsOf(seen)) {
        for (const what of await play(scenario, fault)) wrong.push(`${scenario.what}, ${fault.what}: ${what}`);
      }
    }
    const unreached = (await commands(script)).filter((command) => !reached.has(command));
    expect({ wrong, unreached }).toEqual({ wrong: [], unreached: [] });
  },
);

async function commands(script: ScriptName): Promise<string[]> {
  const redis = new Redis(server.url);
  try {
    return [...(await commandsIn(redis, script))];
  } finally {
    redis.disconnect();
  }
}
