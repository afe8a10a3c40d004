/**
 * Faults put into duties and into how a holder that hangs is found, each by itself, and who must notice (`mutants.ts`).
 */
import { lua } from './mutant-files.js';
import type { Mutant } from './mutants.js';

const OF_DUTIES = { by: ['tests'], tests: 'shared/dist/communicator/watch/duties' } as const;
const OF_HUNG = { by: ['tests'], tests: 'shared/dist/communicator/watch/hung' } as const;
const OF_SCALER = { by: ['tests'], tests: 'services/monitor/dist/docker/scaler' } as const;

export const DUTY_MUTANTS: readonly Mutant[] = [
  {
    ...{ name: 'duty: another takes it in its time', file: lua('takeDuty'), ...OF_DUTIES },
    ...{ from: 'if isHad and is.owner ~= owner then return', to: 'if false then return' },
  },
  {
    ...{ name: 'duty: the fence does not grow', file: lua('takeDuty'), ...OF_DUTIES },
    ...{ from: 'is.fence = is.fence + 1', to: 'is.fence = 1' },
  },
  {
    ...{ name: 'duty: a clock that went back keeps it', file: lua('takeDuty'), ...OF_DUTIES },
    ...{ from: 'is.ends > at and is.ends - at <= tonumber(forMs)', to: 'is.ends > at' },
  },
  {
    ...{ name: 'duty: an old fence notes', file: lua('noteDuty'), ...OF_DUTIES },
    ...{ from: ' or is.fence ~= tonumber(fence)', to: '' },
  },
  {
    ...{ name: 'duty: an owner notes after its time', file: lua('noteDuty'), ...OF_DUTIES },
    ...{ from: ' or is.ends <= at', to: '' },
  },
  {
    ...{ name: 'duty: the Monitor does not ask before a command', file: 'services/monitor/dist/docker/scale-steps.js' },
    ...{ ...OF_SCALER, from: 'await place.note(grown(place, options.name, why))', to: 'true' },
  },
  {
    ...{ name: 'hung: a holder whose loop has turned since hangs', file: lua('hung'), ...OF_HUNG },
    ...{ from: 'heardAt - blockedMs <= since', to: 'true' },
  },
  {
    ...{ name: 'hung: it is decided before a beat has come', file: lua('hung'), ...OF_HUNG },
    ...{ from: 'if heardAt <= since then return nil end', to: '' },
  },
  {
    ...{ name: 'hung: one that is silent hangs', file: lua('hung'), ...OF_HUNG },
    ...{ from: 'if hangs and ends > at then', to: 'if hangs then' },
  },
  {
    ...{ name: 'hung: nobody notes that a marble was over its limit', file: lua('overdue'), ...OF_HUNG },
    ...{ from: 'if limited > 0 then', to: 'if false then' },
  },
];
