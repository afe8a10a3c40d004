/**
 * What is broken on purpose, each by itself, and who must notice (`mutants.ts`).
 */
export interface Mutant {
  readonly name: string;
  /** In the copy of the built packages. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Who must notice. */
  readonly by: readonly Judge[];
  /** For `tests`: which of them. */
  readonly tests?: string;
}

export type Judge = 'model' | 'chaos' | 'tests';

export const NONE = 'nothing is broken';
const lua = (name: string) => `shared/communicator/lua/${name}.lua`;

export const MUTANTS: readonly Mutant[] = [
  { name: NONE, file: lua('swap'), from: '-- purpose', to: '-- purpose', by: ['model', 'chaos'] },
  {
    name: 'the fence: a finish counts although its receipt is gone',
    file: lua('swap'),
    from: "if sure or redis.call('HEXISTS', HELD, receipt) == 1 then",
    to: "if sure or redis.call('HEXISTS', HELD, receipt) >= 0 then",
    by: ['model', 'chaos'],
  },
  {
    name: 'the fence: a holder that was given up goes on (either of the two checks alone stops it)',
    file: lua('swap'),
    from: `if not deadline or (landedSeq > 0 and not waiting) then return { 'forgotten' } end
local last = lastCommand(HELD, known)
if not last then return { 'forgotten' } end`,
    to: `deadline, waiting = deadline or 0, waiting or ''
local last = lastCommand(HELD, 0)`,
    by: ['model'],
  },
  {
    name: 'the fence: outputs of a refused finish are sent',
    file: lua('swap'),
    from: '#refused > 0 and refusedSeqs or nil',
    to: 'nil',
    by: ['model'],
  },
  {
    name: 'recovery does not look again before it takes back',
    file: lua('reclaim'),
    from: "if dropped and (not deadline or deadline > at) then return { 'alive' } end",
    to: '',
    by: ['model'],
  },
  {
    name: 'recovery forgets what has landed',
    file: lua('reclaim'),
    from: "for _ = 1, redis.call('LLEN', LANDING) do",
    to: 'for _ = 1, 0 do',
    by: ['model'],
  },
  {
    name: 'recovery returns the first taken last',
    file: lua('reclaim'),
    from: 'a.seq > b.seq',
    to: 'a.seq < b.seq',
    by: ['model'],
  },
  {
    name: 'recovery leaves keys behind',
    file: lua('reclaim'),
    from: "redis.call('DEL', HELD, LANDING, HOLDER)",
    to: "redis.call('DEL', HELD, LANDING)",
    by: ['model'],
  },
  {
    name: 'a given-up holder is taken back by a late beat',
    file: lua('beat'),
    from: "'XX', 'CH', unpack(dates)",
    to: "'CH', unpack(dates)",
    by: ['model'],
  },
  {
    name: 'land takes a number that it has',
    file: lua('land'),
    from: 'lastEpoch, lastNumber = tonumber(lastEpoch) or 0, tonumber(lastNumber) or 0',
    to: 'lastEpoch, lastNumber = 0, 0',
    by: ['model', 'chaos'],
  },
  {
    name: 'lift clears whatever is in transit',
    file: lua('lift'),
    from: 'local arrived = ARGV[2] == epoch and ARGV[3] == number',
    to: "local arrived = ARGV[3] ~= ''",
    by: ['model'],
  },
  {
    name: 'lift numbers a batch anew while it is in transit',
    file: lua('lift'),
    from: 'if #inTransit > 0 and not arrived then',
    to: 'if #inTransit > 1000 then',
    by: ['model'],
  },
  {
    name: 'lift takes from the outboxes before it puts into transit',
    file: lua('lift'),
    from: "redis.call('RPUSH', TRANSIT, unpack(entries))",
    to: `for _, line in ipairs(lines) do redis.call('LTRIM', line.key, 0, -#line.seen - 1) end
  redis.call('RPUSH', TRANSIT, unpack(entries))`,
    by: ['model'],
  },
  {
    name: 'land delivers before it knows that it may note it',
    file: lua('land'),
    from: "redis.call('HSET', LANDED, lane, known)",
    to: '',
    by: ['model'],
  },
  {
    name: 'lift knows nothing of expedited marbles',
    file: lua('lift'),
    from: 'lookAtExpedited(lines, room)',
    to: '',
    by: ['model'],
  },
  {
    name: 'lift takes all from the first queue',
    file: lua('lib/shares'),
    from: 'math.floor(room.marbles / #waiting)',
    to: 'room.marbles',
    by: ['model'],
  },
  {
    name: 'a send that is asked again is sent again',
    file: lua('lib/once'),
    from: 'if last and tonumber(last) >= tonumber(number) then',
    to: 'if false then',
    by: ['model'],
  },
  {
    name: 'a command of a holder that is asked again is done again',
    file: lua('lib/holder'),
    from: "redis.call('HGET', held, 'op')",
    to: 'nil',
    by: ['model'],
  },
  {
    name: 'one attempt more than allowed',
    file: lua('lib/attempts'),
    from: 'if attempt >= allowed then',
    to: 'if attempt > allowed then',
    by: ['model'],
  },
  {
    name: 'a retried marble goes to the end of its queue',
    file: lua('promote'),
    from: "if side == 'f' then",
    to: 'if false then',
    by: ['model'],
  },
  {
    name: 'a requeued dead marble stays dead',
    file: lua('lib/graves'),
    from: "redis.call('ZREM', DEAD, serial)",
    to: '',
    by: ['model'],
  },
  {
    name: 'a give-back takes what landed unseen, and drops it',
    file: 'shared/dist/communicator/holding.js',
    from: 'if (this.landed)\n            await this.#swap({}); // adopts it: it may be among these\n        const table',
    to: 'if (this.#landing.toAdopt)\n            await this.#swap({}); // adopts it: it may be among these\n        const table',
    by: ['model'],
  },
  {
    name: 'a holder that was given up waits all the same',
    file: 'shared/dist/communicator/hand-over.js',
    from: '(await note) === 0',
    to: '(await note) < 0',
    by: ['model'],
  },
  {
    name: 'a swap does not end a wait whose end it does not know',
    file: 'shared/dist/communicator/holding.js',
    from: 'await this.#landing.endUnknown();\n        const landing',
    to: 'const landing',
    by: ['model'],
  },
  {
    name: 'a swap adopts only one of what has landed',
    file: lua('swap'),
    from: "redis.call('LRANGE', LANDING, 0, MOST_LANDED - 1)",
    to: "redis.call('LRANGE', LANDING, 0, 0)",
    by: ['model'],
  },
  {
    name: 'a crash is charged to all that was held',
    file: lua('reclaim'),
    from: 'elseif ahead or not field then',
    to: 'elseif not field then',
    by: ['model'],
  },
  {
    name: 'a suspect that was worked on alone is not charged',
    file: lua('lib/attempts'),
    from: "if begun == 'a' then return nil end",
    to: '',
    by: ['model'],
  },
  {
    name: 'that work on a suspect began is not noted',
    file: lua('begin'),
    from: "redis.call('HSET', KEYS[1], receipt, header .. ' g=' .. mark .. string.sub(envelope, stop))",
    to: '',
    by: ['model'],
  },
  {
    name: 'a time limit of its own is not noted when work begins',
    file: lua('begin'),
    from: "redis.call('ZADD', KEYS[2], at + limit, member)",
    to: 'do end',
    by: ['model'],
  },
  {
    name: 'a release keeps what was noted of the beginning',
    file: lua('lib/attempts'),
    from: "if not id or not string.find(words, ' g=', 1, true) then return envelope end",
    to: 'if id then return envelope end',
    by: ['model'],
  },
  {
    name: 'what has not begun is given back in the wrong order',
    file: 'shared/dist/marble/work.js',
    from: 'b.held.seq - a.held.seq',
    to: 'a.held.seq - b.held.seq',
    by: ['tests'],
    tests: 'shared/dist/marble/unbegun',
  },
  {
    name: 'what has not begun is kept',
    file: 'shared/dist/marble/handling.js',
    from: 'const UNBEGUN_MS = 500;',
    to: 'const UNBEGUN_MS = 500_000;',
    by: ['tests'],
    tests: 'shared/dist/marble/unbegun',
  },
  {
    name: 'a time limit counts what waits in hand',
    file: 'shared/dist/marble/prefetch.js',
    from: 'return this.#placesInTime;',
    to: 'return this.concurrency + this.most;',
    by: ['tests'],
    tests: 'shared/dist/marble/time-limit',
  },
  {
    name: 'reclaim takes before it puts',
    file: lua('reclaim'),
    from: "envelope = redis.call('HGET', HELD, field)",
    to: "envelope = redis.call('HGET', HELD, field)\n    redis.call('HDEL', HELD, field)",
    by: ['tests'],
    tests: 'tests/dist/failing-commands',
  },
  {
    name: 'swap takes before it puts',
    file: lua('swap'),
    from: '      drops[key] = #taken\n',
    to: '      drops[key] = #taken\n      drop(key, #taken)\n      drops[key] = 0\n',
    by: ['tests'],
    tests: 'tests/dist/failing-commands',
  },
  {
    name: 'a send does not wait for replicas',
    file: 'shared/dist/communicator/replicas.js',
    from: 'if (replicas === 0)',
    to: 'if (replicas >= 0)',
    by: ['chaos'],
  },
  {
    name: 'the Monitor does not sweep',
    file: 'services/monitor/dist/run-monitor.js',
    from: 'this.communicator.recovery.sweep(this.config.maxAttempts)',
    to: 'Promise.resolve({ returned: 0, dead: 0, silent: 0, lateMs: [] })',
    by: ['chaos'],
  },
];
