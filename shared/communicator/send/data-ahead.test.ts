/** Large data are set before it is the turn of their marbles, never too many, and again where they are gone by then. */
import { expect, test } from '@jest/globals';
import { Cable, until } from '@marblerun/test-support';
import { Communicator } from '../communicator.js';
import type { LargeOutput } from '../data/set-data.js';
import { Replicated } from '../redis/replicas.js';
import { closing, connection, keys, largeOutput, place, redis, waiting } from '../testing.js';
import { DataAhead } from './data-ahead.js';
import { SendCommands } from './send-commands.js';

const NO_REPLICAS = { replicas: 0, replicasTimeoutMs: 1000 };
/** Three of them fill a write, and 27 are as many as are set ahead. */
const BYTES = 40_000;
const outputs = (n: number) =>
  Array.from({ length: n }, (_, i) => largeOutput(`m${i}`, {}, `${i} `.padEnd(BYTES, 'x')));
const dataOf = (all: readonly { readonly large?: LargeOutput | undefined }[]) => all.map(({ large }) => large!);
const names = (all: readonly LargeOutput[]) => all.map(({ name }) => name);
const ids = (n: number) => outputs(n).map(({ large }) => large!.name);

const there = async (n = 100) => {
  const found = await Promise.all(ids(n).map((name) => redis.exists(keys.data(name))));
  return found.reduce((sum, one) => sum + one, 0);
};
const setCount = (n: number) => until(`${n} are set`, async () => (await there()) === n);
const ahead = async () => {
  await connection.run((client) => client.ping()); // it is usable now
  return new DataAhead(new Replicated(connection, NO_REPLICAS), keys);
};

test('what fills a write is set, for an hour, and the rest is left to the command', async () => {
  const data = dataOf(outputs(5));
  const all = await ahead();
  data.slice(0, 2).forEach((large) => all.add(large));
  expect(await there()).toBe(0);
  data.slice(2).forEach((large) => all.add(large));
  await setCount(3);
  expect(await redis.ttl(keys.data('m0'))).toBeGreaterThan(3000);
  expect(names(all.unset(data))).toEqual(['m3', 'm4']);
  expect(names(all.unset(data))).toEqual(names(data)); // it was said once, for the command that began
});

test('what does not fill a write goes together with what comes after its command has begun', async () => {
  const data = dataOf(outputs(5));
  const all = await ahead();
  data.slice(0, 2).forEach((large) => all.add(large));
  expect(names(all.unset(data.slice(0, 1)))).toEqual(['m0']);
  data.slice(2, 4).forEach((large) => all.add(large));
  await setCount(3);
  expect(names(all.unset(data.slice(1, 4)))).toEqual([]);
});

test('no more is set than a command takes, and the next ones when it has begun', async () => {
  const waits = outputs(100);
  const all = await ahead();
  dataOf(waits).forEach((large) => all.add(large));
  await setCount(27);
  expect(all.unset(dataOf(waits).slice(0, 20))).toEqual([]);
  all.goOn(waits.slice(20));
  await setCount(48);
  all.goOn(waits.slice(20)); // there is no room
  expect(names(all.unset(dataOf(waits).slice(20, 50)))).toEqual(['m48', 'm49']);
  all.goOn(waits.slice(50));
  await setCount(75);
});

test('data that come twice are set and counted once', async () => {
  const data = dataOf(outputs(3));
  const all = await ahead();
  for (let i = 0; i < 40; i++) {
    for (const large of data) {
      all.add(large);
      all.add(data[0]!);
    }
    expect(all.unset(data)).toEqual([]); // 40 times they would be too much
  }
});

test('where there is no usable connection, nothing is set ahead', async () => {
  const all = new DataAhead(new Replicated(connection, NO_REPLICAS), keys); // not connected yet
  const data = dataOf(outputs(40));
  data.forEach((large) => all.add(large));
  expect(names(all.unset(data))).toEqual(names(data));
  await connection.run((client) => client.ping());
  expect(await there()).toBe(0);
});

test('what is refused or cut off ends nothing: the command finds out', async () => {
  const replicated = new Replicated(connection, NO_REPLICAS);
  await connection.run((client) => client.ping());
  expect(replicated.tryNow(() => Promise.reject(new Error('OOM')))).toBe(true);
  const thrown = () => {
    throw new Error('no stream');
  };
  expect(replicated.tryNow(thrown)).toBe(true);
  connection.close();
  expect(replicated.tryNow(thrown)).toBe(false);
});

test('data that are gone when the command begins are set again', async () => {
  const commands = new SendCommands(new Replicated(connection, NO_REPLICAS), keys);
  await commands.any(1, [largeOutput('first')]); // its rights are asked for by now
  const waits = outputs(3);
  dataOf(waits).forEach((large) => commands.setAhead(large));
  await setCount(3);
  await redis.del(keys.data('m1'));
  await commands.any(2, waits);
  expect(await waiting()).toEqual(['first', ...ids(3)]);
  expect(await Promise.all(ids(3).map((name) => redis.ttl(keys.data(name))))).toEqual([-1, -1, -1]);
});

test.each([
  ['the connection is cut while they are on their way', (cable: Cable) => cable.loseReplyTo('m5')],
  ['all of them arrive', () => undefined],
])('of many sends of large data nothing is lost, twice or out of order where %s', async (_what, happens) => {
  const cable = closing(await Cable.to(place.redis));
  const bus = closing(new Communicator({ ...place, redis: cable.url }));
  await bus.push([largeOutput('first')]);
  const happened = happens(cable);
  await Promise.all(outputs(60).map((one) => bus.push([one])));
  await happened;
  expect(await waiting()).toEqual(['first', ...ids(60)]);
  const read = await Promise.all(dataOf(outputs(60)).map((large) => bus.largeData.read(large)));
  expect(read.map((data) => data?.length)).toEqual(ids(60).map(() => BYTES));
  expect(await Promise.all(ids(60).map((name) => redis.ttl(keys.data(name))))).toEqual(ids(60).map(() => -1));
});
