/**
 * Faults put into sends on purpose, each by itself, and who must notice (`mutants.ts`).
 */
import { lua } from './mutant-files.js';
import type { Mutant } from './mutants.js';

const COMMAND = 'shared/dist/communicator/redis/script-command.js';
const OF_COMMAND = 'shared/dist/communicator/redis/script-command';
const SENDER = 'shared/dist/communicator/send/sender.js';
const COMMANDS = 'shared/dist/communicator/send/send-commands.js';
const OF_PUSH_NEXT = 'shared/dist/communicator/send/push-next';
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
    name: 'what follows is done where the command before was not, which is lost when it is asked again',
    file: lua('lib/once'),
    from: 'if follows and tonumber(last) ~= number - 1 then',
    to: 'if false then',
    by: ['tests'],
    tests: OF_PUSH_NEXT,
  },
  {
    name: 'what follows a command that was not done keeps its number, and is lost',
    file: lua('lib/once'),
    from: "redis.call('SET', sender, last, 'PX', rememberMs)\n    return nil",
    to: 'return nil',
    by: ['tests'],
    tests: OF_PUSH_NEXT,
  },
  {
    name: 'what follows a command that was not done counts as done',
    file: COMMANDS,
    from: 'if (reply === -1) {\n            await before;',
    to: 'if (false) {\n            await before;',
    by: ['tests'],
    tests: OF_PUSH_NEXT,
  },
  {
    name: 'what follows is asked once more before the command before has been answered',
    file: COMMANDS,
    from: 'await before;',
    to: '',
    by: ['tests'],
    tests: 'shared/dist/communicator/send/send-commands',
  },
  {
    name: 'a send of another kind goes while others are under way',
    file: SENDER,
    from: 'if (follows && !isPlainStill)\n                break;',
    to: '',
    by: ['tests'],
    tests: OF_PUSH_NEXT,
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
