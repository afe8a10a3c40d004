/**
 * Breaks the built scripts one by one, in a copy, and shows who notices: `make chaos-mutants`.
 *
 * A mutant that is not noticed means that a promise is not tested: exit 1. The model plays first; the
 * suite of processes runs for those mutants that it is there for. MUTANT and MUTANT_JUDGE (parts
 * of names) try some alone.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyBuilt } from './copy.js';

interface Mutant {
  readonly name: string;
  /** In the copy of the built packages. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Who must notice. */
  readonly by: readonly Judge[];
}

type Judge = 'model' | 'chaos';

const NONE = 'nothing is broken';
const lua = (name: string) => `shared/communicator/lua/${name}.lua`;

const MUTANTS: readonly Mutant[] = [
  { name: NONE, file: lua('swap'), from: '-- purpose', to: '-- purpose', by: ['model', 'chaos'] },
  {
    name: 'the fence: a finish counts although its receipt is gone',
    file: lua('swap'),
    from: "if sure or redis.call('HDEL', HELD, receipt) == 1 then",
    to: "if sure or redis.call('HDEL', HELD, receipt) >= 0 then",
    by: ['model', 'chaos'],
  },
  {
    name: 'the fence: a holder that was given up goes on (either of the two checks alone stops it)',
    file: lua('swap'),
    from: `if not deadline or (landedSeq > 0 and not waiting) then return { 'forgotten' } end
local last = lastCommand(HELD, tonumber(ARGV[4]))
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
    from: 'if not last or tonumber(last) < tonumber(number) then',
    to: 'if true then',
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
    from: 'if (this.landed)\n            await this.#swap({}); // adopts it',
    to: 'if (this.#landing && !this.#blocked)\n            await this.#swap({}); // adopts it',
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

const JUDGES: Record<Judge, { readonly program: string; readonly args: readonly string[] }> = {
  model: { program: 'tests/dist/model/main.js', args: ['3000', '60000'] },
  chaos: { program: 'tests/dist/chaos/main.js', args: [] },
};

async function main(): Promise<void> {
  const some = MUTANTS.filter(({ name }) => name.includes(process.env['MUTANT'] ?? ''));
  let wrong = 0;
  console.log('| mutant | model | chaos |\n| --- | --- | --- |');
  for (const mutant of some) {
    const seen: Record<Judge, string> = { model: '', chaos: '' };
    const judges = mutant.by.filter((judge) => judge.includes(process.env['MUTANT_JUDGE'] ?? ''));
    for (const judge of judges) seen[judge] = await judged(mutant, judge);
    const right = mutant.name === NONE ? 'no' : 'noticed';
    wrong += judges.filter((judge) => seen[judge].split(' ')[0] !== right).length;
    console.log(`| ${mutant.name} | ${seen.model} | ${seen.chaos} |`);
  }
  console.log(`${some.length} mutants, ${wrong} verdicts that should be others`);
  process.exitCode = wrong > 0 ? 1 : 0;
}

/** Runs the judge on a copy with this mutant; returns what it said. */
async function judged(mutant: Mutant, judge: Judge): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'marblerun-mutant-'));
  try {
    copyBuilt(dir);
    mutate(join(dir, mutant.file), mutant);
    const { program, args } = JUDGES[judge];
    const { code, output } = await run(dir, program, args);
    if (code === 0) return 'no';
    const rules = new Set([...output.matchAll(/VIOLATION (\w+)/g)].map(([, rule]) => rule));
    if (judge === 'chaos' && rules.size === 0) throw new Error(`mutant "${mutant.name}": no verdict:\n${output}`);
    return ['noticed', ...rules].join(' ');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Throws where the text is not there exactly once: a mutant that changes nothing would prove nothing. */
function mutate(path: string, { name, from, to }: Mutant): void {
  const before = readFileSync(path, 'utf8');
  if (before.split(from).length !== 2) throw new Error(`mutant "${name}": its text is not in ${path} exactly once`);
  writeFileSync(
    path,
    before.replace(from, () => to),
  );
}

function run(cwd: string, program: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, CHAOS_SECONDS: '60', CHAOS_DRAIN_SECONDS: '30' };
  const child = spawn(process.execPath, [join(cwd, program), ...args], { cwd, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

await main();
