/**
 * Faults put into the step of a loop, each by itself, and who must notice (`mutants.ts`).
 */
import { lua } from './mutant-files.js';
import type { Mutant } from './mutants.js';

const PROGRAM = 'shared/dist/communicator/hold/step.js';
const TESTS = 'shared/dist/communicator/hold/step';

export const STEP_MUTANTS: readonly Mutant[] = [
  {
    name: 'a step finishes and takes without its marble in hand',
    file: lua('step'),
    from: "if redis.call('HEXISTS', HELD, finished) == 0 then return { 0 } end",
    to: '',
    by: ['model'],
  },
  {
    name: 'a step hands out a marble and leaves it in its queue',
    file: lua('step'),
    from: "redis.call('RPOP', LIST)\n",
    to: '',
    by: ['model'],
  },
  {
    name: 'a step is not noted, and is done again where its reply was lost',
    file: lua('step'),
    from: "redis.call('HSET', HELD, 'op', op, taken, envelope)",
    to: "redis.call('HSET', HELD, taken, envelope)",
    by: ['model'],
  },
  {
    name: 'a step does not look whether it can send',
    file: lua('lib/step-outputs'),
    from: "if type(redis.pcall('LINDEX', KEYS[line], 0)) == 'table' then return false end",
    to: '',
    by: ['tests'],
    tests: TESTS,
  },
  {
    name: 'a step does not count what it sends',
    file: lua('lib/step-outputs'),
    from: "redis.call('HINCRBY', COUNTS, queue .. ' sent', n)",
    to: '',
    by: ['model'],
  },
  {
    name: 'a step wakes nobody by what it sends',
    file: lua('lib/step-outputs'),
    from: 'wake(WATCHED, KEYS[line + lines], queue)',
    to: '',
    by: ['tests'],
    tests: TESTS,
  },
  {
    name: 'a step does not hold what it takes',
    file: lua('step'),
    from: "redis.call('HSET', HELD, 'op', op, taken, envelope)",
    to: "redis.call('HSET', HELD, 'op', op)",
    by: ['model'],
  },
  {
    name: 'a step is taken although Redis may have gone back',
    file: PROGRAM,
    from: 'state.noted === last.op',
    to: 'state.noted >= 0',
    by: ['model'],
  },
  {
    name: 'a step leaves what is in the inbox',
    file: PROGRAM,
    from: '!state.inbox',
    to: 'true',
    by: ['model'],
  },
  {
    name: 'a step sends to the front as to the back',
    file: PROGRAM,
    from: "kind === 'back'",
    to: 'true',
    by: ['model'],
  },
  {
    name: 'a step sends a member without booking it',
    file: PROGRAM,
    from: 'member === undefined && large',
    to: 'large',
    by: ['tests'],
    tests: TESTS,
  },
  {
    name: 'a step does not see what it has just sent to its own queue',
    file: PROGRAM,
    from: 'queue !== source',
    to: 'true',
    by: ['model'],
  },
  {
    name: 'a step is taken where its marble is a member',
    file: PROGRAM,
    from: 'member !== undefined || timeLimitMs',
    to: 'timeLimitMs',
    by: ['model'],
  },
  {
    name: 'large data: a step of a loop forgets them',
    file: PROGRAM,
    from: ' || large !== undefined',
    to: '',
    by: ['model'],
  },
];
