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

export const SEND_SCENARIOS: Readonly<Partial<Record<ScriptName, readonly Scenario[]>>> = {
  push: [sends(['back', 'back'])],
  pushBehind: [sendsBehind],
  pushAny: [sends(['back', 'front', 'up', 'later', 'dead'])],
};
