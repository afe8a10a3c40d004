/**
 * Faults put into sends on purpose, each by itself, and who must notice (`mutants.ts`).
 */
import { lua } from './mutant-files.js';
import type { Mutant } from './mutants.js';

const COMMAND = 'shared/dist/communicator/redis/script-command.js';
const OF_COMMAND = 'shared/dist/communicator/redis/script-command';
const OF_PUSH_BEHIND = 'shared/dist/communicator/send/push-behind';

export const SEND_MUTANTS: readonly Mutant[] = [
  {
    name: 'a send behind others that finds none keeps its number, and is lost',
    file: lua('pushBehind'),
    from: "redis.call('SET', SENDER, last or 0, 'PX', rememberMs)\nif length",
    to: 'if length',
    by: ['tests'],
    tests: OF_PUSH_BEHIND,
  },
  {
    name: 'a send behind others goes to an empty queue, of which nobody hears',
    file: lua('pushBehind'),
    from: "'LPUSHX'",
    to: "'LPUSH'",
    by: ['tests'],
    tests: OF_PUSH_BEHIND,
  },
  {
    name: 'a send behind others that is asked again is done again',
    file: lua('pushBehind'),
    from: 'if last and tonumber(last) >= tonumber(number) then',
    to: 'if last and tonumber(last) > tonumber(number) then',
    by: ['tests'],
    tests: OF_PUSH_BEHIND,
  },
  {
    name: 'a script that Redis has forgotten is not brought again',
    file: COMMAND,
    from: 'this.script.told.delete(socket);',
    to: '',
    by: ['tests'],
    tests: OF_COMMAND,
  },
];
