/**
 * The Communicator, verb by verb, on a bus of its own: for programs that build on the bus and not on `Marble`.
 *
 *     node verbs.js
 */
import { Communicator, encodeEnvelope, newId, readRedisVariable, type Output } from 'marblerun/communicator';

const redis = readRedisVariable(process.env)?.value;
const run = process.env['MARBLERUN_RUN'];
const bus = new Communicator({ ...(redis !== undefined && { redis }), ...(run !== undefined && { run }) });
const decoder = new TextDecoder();

/** JSON, as a Marble sends it, for the end of a queue. */
function output(queue: string, data: unknown): Output {
  const about = { id: newId(), attempt: 0, sentAt: Date.now(), type: 'j' } as const;
  return { kind: 'back', queue, envelope: encodeEnvelope(about, JSON.stringify(data)) };
}

try {
  await bus.push([output('verbs', 'one'), output('verbs', 'two'), output('verbs', 'three')]);
  console.log('push: three marbles wait');

  const waiting = await bus.dump('verbs');
  console.log(`dump: ${waiting.map(({ data }) => decoder.decode(data)).join(', ')}`);

  const [popped] = await bus.pop(['verbs']);
  console.log(`pop: ${decoder.decode(popped?.envelope.data)} is taken for good`);

  console.log(`transfer: ${await bus.transfer('verbs', 'other-verbs', 1)} moved to another queue`);

  for (const { queue, depth } of await bus.show()) console.log(`show: ${queue} has ${depth}`);

  await bus.set('greeting', 'hello', 60_000);
  console.log(`set, get: ${(await bus.get('greeting')) ?? 'nothing'}`);

  console.log(`destroy: ${await bus.destroy('verbs')} and ${await bus.destroy('other-verbs')} deleted`);
} finally {
  await bus.close();
}
