/**
 * Faults put into wake-ups of several queues on purpose, each by itself, and who must notice (`mutants.ts`).
 */
import { lua } from './mutant-files.js';
import type { Mutant } from './mutants.js';

const LISTENER = 'shared/dist/communicator/hold/listener.js';
const OF_LISTENER = 'shared/dist/communicator/hold/listener';
const SEVERAL = 'shared/dist/marble/several-queues.js';
const OF_SEVERAL = 'shared/dist/marble/several-queues';

export const WAKE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a push to an empty queue wakes nobody',
    file: lua('lib/wake'),
    from: "redis.pcall('ZADD', wakeUp, 0, queue)",
    to: 'do end',
    by: ['model'],
  },
  {
    name: 'what comes back to an empty queue wakes nobody',
    file: lua('lib/pushing'),
    from: 'awakens(queue, key, QUEUES, at)',
    to: "redis.call('ZADD', QUEUES, at, queue)",
    by: ['model'],
  },
  {
    name: 'a send of one kind to an empty queue wakes nobody',
    file: lua('push'),
    from: 'wake(WATCHED, WAKE, queue)',
    to: 'do end',
    by: ['tests'],
    tests: 'shared/dist/communicator/hold/wake-ups',
  },
  {
    name: 'a push to a queue that is not empty wakes too',
    file: lua('push'),
    from: "redis.call('LPUSH', LIST, unpack(ARGV, 4)) == n then",
    to: "redis.call('LPUSH', LIST, unpack(ARGV, 4)) > 0 then",
    by: ['model'],
  },
  {
    name: 'a wait does not note which queues it watches',
    file: lua('listen'),
    from: "if #fresh > 0 then redis.call('HSET', WATCHED, unpack(fresh)) end",
    to: '',
    by: ['model'],
  },
  {
    name: 'a look issues no wake-up',
    file: lua('listen'),
    from: "put = put + redis.call('ZADD', KEYS[wakeUps + i], 0, ARGV[names + i])",
    to: 'put = put + 1',
    by: ['model'],
  },
  {
    name: 'a look leaves wake-ups of marbles that are gone',
    file: lua('listen'),
    from: "redis.call('DEL', unpack(KEYS, wakeUps + 1))",
    to: 'do end',
    by: ['model'],
  },
  {
    name: 'a take does not look at the queues before that of its wake-up',
    file: lua('take'),
    from: "if before > 0 and redis.call('EXISTS', unpack(KEYS, lists + 1)) > 0 then return { 0 } end",
    to: '',
    by: ['model'],
  },
  {
    name: 'a take hands out a marble and leaves it in its queue',
    file: lua('take'),
    from: "redis.call('RPOP', LIST)\n",
    to: '',
    by: ['model'],
  },
  {
    name: 'a take does not hold what it takes',
    file: lua('take'),
    from: "redis.call('HSET', HELD, 'op', op, receipt, envelope)",
    to: "redis.call('HSET', HELD, 'op', op)",
    by: ['model'],
  },
  {
    name: 'a take of a holder that was given up takes all the same',
    file: lua('take'),
    from: `local last = deadline and lastCommand(HELD, tonumber(noted))`,
    to: `deadline = deadline or at
local last = lastCommand(HELD, 0)`,
    by: ['model'],
  },
  {
    name: 'who is woken and has no more room passes nothing on',
    file: SEVERAL,
    from: 'this.#passing = this.communicator.holders.passOn(queue).catch(() => undefined);',
    to: '',
    by: ['tests'],
    tests: OF_SEVERAL,
  },
  {
    name: 'a wake-up that comes when nobody waits here any more is kept',
    file: LISTENER,
    from: 'if (first)\n',
    to: 'if (first || true)\n',
    by: ['tests'],
    tests: OF_LISTENER,
  },
  {
    name: 'a wait that is asked again does not look first',
    file: LISTENER,
    from: 'this.#next(redis, look || again)',
    to: 'this.#next(redis, look)',
    by: ['tests'],
    tests: OF_LISTENER,
  },
  {
    name: 'nobody looks again while a wait lasts',
    file: LISTENER,
    from: 'look = queue === undefined;',
    to: 'look = false;',
    by: ['tests'],
    tests: OF_LISTENER,
  },
  {
    name: 'a Monitor issues no wake-up again',
    file: 'services/monitor/dist/run-monitor.js',
    from: 'await this.communicator.recovery.wakeAgain();',
    to: '',
    by: ['tests'],
    tests: 'services/monitor/dist/watching',
  },
];
