/** Scenarios of sends. */
import type { ScriptName } from '@marblerun/internal';
import type { Output } from 'marblerun/communicator';
import type { Scenario } from './scenario.js';

const nothing: readonly string[] = [];
const sends = (kinds: readonly Output['kind'][]): Scenario => ({
  what: `sends ${kinds.join(', ')}`,
  async prepare(place) {
    await place.send(2, 'back', 'b');
    return async () => {
      const outputs = kinds.map((kind) => place.output(kind, 'a'));
      await place.user.push(outputs);
      for (const { id } of outputs) place.sent.add(id);
      return nothing;
    };
  },
});

/** More than a sender needs to be certain that others wait in a queue (`backlog.ts`). */
const CERTAIN = 20;
const sendsBehind: Scenario = {
  what: 'sends one behind others',
  async prepare(place) {
    const send = async () => {
      const output = place.output('back', 'a');
      await place.user.push([output]);
      place.sent.add(output.id);
    };
    for (let i = 0; i < CERTAIN; i++) await send();
    return async () => {
      await send();
      return nothing;
    };
  },
};

/** More than goes in one command: others follow while it is under way (`sender.ts`). */
const MANY = 30;
const LONG = ' '.repeat(2000);
const sendsNext: Scenario = {
  what: 'sends much at once',
  async prepare(place) {
    await place.send(2, 'back', 'b');
    return async () => {
      const outputs = Array.from({ length: MANY }, () => place.output('back', 'a'));
      const long = outputs.map((output) => ({ ...output, envelope: `${String(output.envelope)}${LONG}` }));
      const sent = await Promise.allSettled(long.map((output) => place.user.push([output])));
      sent.forEach(({ status }, i) => status === 'fulfilled' && place.sent.add(outputs[i]!.id));
      for (const one of sent) if (one.status === 'rejected') throw one.reason;
      return nothing;
    };
  },
};

export const SEND_SCENARIOS: Readonly<Partial<Record<ScriptName, readonly Scenario[]>>> = {
  push: [sends(['back', 'back'])],
  pushNext: [sendsNext],
  pushBehind: [sendsBehind],
  pushAny: [sends(['back', 'front', 'up', 'later', 'dead'])],
};
