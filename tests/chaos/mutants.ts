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
import { fileURLToPath } from 'node:url';
import { BATCH_MUTANTS } from './batch-mutants.js';
import { copyBuilt } from './copy.js';
import { DUTY_MUTANTS } from './duty-mutants.js';
import { GONE_MUTANTS } from './gone-mutants.js';
import { LARGE_MUTANTS } from './large-mutants.js';
import { PROGRAM_MUTANTS } from './program-mutants.js';
import { SCRIPT_MUTANTS } from './script-mutants.js';
import { STEP_MUTANTS } from './step-mutants.js';
import { SEND_MUTANTS } from './send-mutants.js';
import { WAKE_MUTANTS } from './wake-mutants.js';

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

const NONE = 'nothing is broken';
const MUTANTS: readonly Mutant[] = [
  {
    name: NONE,
    file: 'shared/communicator/lua/swap.lua',
    from: '-- purpose',
    to: '-- purpose',
    by: ['model', 'chaos'],
  },
  ...SCRIPT_MUTANTS,
  ...STEP_MUTANTS,
  ...BATCH_MUTANTS,
  ...GONE_MUTANTS,
  ...LARGE_MUTANTS,
  ...DUTY_MUTANTS,
  ...PROGRAM_MUTANTS,
  ...SEND_MUTANTS,
  ...WAKE_MUTANTS,
];

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The arguments with which Node.js runs a judge in a copy. */
const JUDGES: Record<Judge, (dir: string, tests: string) => readonly string[]> = {
  model: (dir) => [join(dir, 'tests/dist/model/main.js'), '6000', '400000'],
  chaos: (dir) => [join(dir, 'tests/dist/chaos/main.js')],
  tests: (dir, tests) => [
    ...['--experimental-vm-modules', join(root, 'node_modules/jest/bin/jest.js'), '--rootDir', dir],
    ...['--config', JSON.stringify({ ...jestConfig, globalSetup, globalTeardown }), tests],
  ],
};
const globalSetup = join(root, 'tests/global-setup.mjs');
const globalTeardown = join(root, 'tests/global-teardown.mjs');
const { default: jestConfig } = (await import(join(root, 'jest.config.mjs'))) as { default: object };

async function main(): Promise<void> {
  const some = MUTANTS.filter(({ name }) => name.includes(process.env['MUTANT'] ?? ''));
  let wrong = 0;
  console.log('| mutant | model | chaos | tests |\n| --- | --- | --- | --- |');
  for (const mutant of some) {
    const seen: Record<Judge, string> = { model: '', chaos: '', tests: '' };
    const judges = mutant.by.filter((judge) => judge.includes(process.env['MUTANT_JUDGE'] ?? ''));
    for (const judge of judges) seen[judge] = await judged(mutant, judge);
    const right = mutant.name === NONE ? 'no' : 'noticed';
    wrong += judges.filter((judge) => seen[judge].split(' ')[0] !== right).length;
    console.log(`| ${mutant.name} | ${seen.model} | ${seen.chaos} | ${seen.tests} |`);
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
    const { code, output } = await run(dir, JUDGES[judge](dir, mutant.tests ?? ''));
    if (code === 0) return 'no';
    const rules = new Set([...output.matchAll(/VIOLATION (\w+)/g)].map(([, rule]) => rule));
    if (judge === 'tests' && !output.includes('Tests:'))
      throw new Error(`mutant "${mutant.name}": no test ran:\n${output}`);
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

function run(cwd: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, CHAOS_SECONDS: '60', CHAOS_DRAIN_SECONDS: '30' };
  const child = spawn(process.execPath, args, { cwd, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

await main();
