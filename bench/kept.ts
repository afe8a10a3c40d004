/**
 * Keeps in a file what a whole run has measured, row by row. One that was ended, or that a contestant has ended, is gone on
 * with by `BENCH_RESUME=1`, where it asks for the same.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Results } from './results.js';

const FILE = fileURLToPath(new URL('measured.json', import.meta.url));

/** All that rounds of one run have to have in common. */
interface Asked {
  readonly quick: boolean;
  readonly rounds: number;
}

interface Measured extends Asked {
  readonly minutes: number;
  /** How often the run was gone on with. */
  readonly resumed: number;
  readonly rows: ReturnType<Results['toJSON']>;
}

export class Kept {
  /** The minutes that the run had taken when it ended, and how often it was gone on with. */
  minutes = 0;
  resumed = 0;

  constructor(
    private readonly asked: Asked,
    private readonly results: Results,
    private readonly file = FILE,
  ) {}

  /** Takes over what was measured. Throws where there is nothing, or a run that asked for something else. */
  resume(): void {
    const { quick, rounds, minutes, resumed, rows } = this.#read();
    const { asked } = this;
    if (quick !== asked.quick || rounds !== asked.rounds)
      throw new Error(`BENCH_RESUME: that run had ${told({ quick, rounds })}; this one has ${told(asked)}`);
    this.minutes = minutes;
    this.resumed = resumed + 1;
    this.results.takeOver(rows);
  }

  /** Keeps all that is measured by now. */
  keep(minutes: number): void {
    const measured: Measured = { ...this.asked, minutes, resumed: this.resumed, rows: this.results.toJSON() };
    writeFileSync(this.file, JSON.stringify(measured));
  }

  /** Forgets it: the report is written. */
  forget(): void {
    rmSync(this.file, { force: true });
  }

  #read(): Measured {
    try {
      return JSON.parse(readFileSync(this.file, 'utf8')) as Measured;
    } catch (cause) {
      throw new Error('BENCH_RESUME: there is no run that ended early', { cause });
    }
  }
}

const told = ({ quick, rounds }: Asked): string => `${rounds} rounds${quick ? ' and BENCH_QUICK' : ''}`;
