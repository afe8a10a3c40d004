/**
 * Histories, written down by those to whom they happened: one file per process, a line per event,
 * with `writeSync`, so that a `kill -9` between two instructions loses nothing that was written.
 */
import { mkdirSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A marble is named by its run, queue and id. */
export interface MarbleName {
  readonly run: string;
  readonly q: string;
  readonly id: string;
  /** The name of the batch that it is a member of. */
  readonly batch?: string;
}

export type Happening =
  /** A send begins; was acknowledged; was refused for certain; is at the primary, and too few replicas have it. */
  | ({ readonly e: 'send' | 'sent' | 'unsent' | 'unsure' } & MarbleName)
  /**
   * A delivery, its work and its finish begin. `key` says what the marble is about: two marbles with one
   * key are a doubled output. `by` is the delivery (key and attempt) whose output it is.
   */
  | ({
      readonly e: 'got';
      readonly key: string;
      readonly attempt: number;
      readonly by?: { readonly key: string; readonly attempt: number };
      /** It is the `then` of the batch of this name. */
      readonly of?: string;
    } & MarbleName)
  /** The work on a marble is done and its finish begins; it was acknowledged, or refused. */
  | ({ readonly e: 'worked' | 'finished' | 'refused'; readonly attempt: number } & MarbleName)
  /** A dead one is about to be put back into its queue, or removed. */
  | ({ readonly e: 'settle' } & MarbleName)
  /** `then` of a batch that is complete is about to be asked for once more. */
  | ({ readonly e: 'refire'; readonly of: string } & MarbleName)
  /** A batch was opened, sealed, cancelled, as acknowledged; a complete one is about to be opened again. `id`: its own. */
  | {
      readonly e: 'opened' | 'sealed' | 'cancelled' | 'reopen';
      readonly run: string;
      readonly batch: string;
      readonly id: string;
    }
  /** All batches of a run were recounted at one moment: how many there were, and their members that were alive and dead. */
  | {
      readonly e: 'recount';
      readonly run: string;
      readonly batches: number;
      readonly alive: number;
      readonly dead: number;
    }
  /** A wrong that was found at such a moment. */
  | { readonly e: 'miscount'; readonly run: string; readonly what: string }
  /** The nemesis did something, until `until`. `stops` what recovery needs: it cannot be on time meanwhile. */
  | { readonly e: 'fault'; readonly kind: string; readonly until: number; readonly stops: boolean }
  /** Seen from outside: a holder whose lease had passed at `since` had not been brought back yet. */
  | { readonly e: 'late'; readonly run: string; readonly holder: string; readonly since: number }
  /** A part gave up that should have gone on by itself. */
  | { readonly e: 'trouble'; readonly who: string; readonly what: string };

/** With its time: ms since 1970, one clock for all processes of the suite. */
export type Entry = Happening & {
  readonly t: number;
  /** The process that wrote it. */
  readonly from?: string;
};

export class Historian {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  /** `t`: if it began earlier. */
  write(happening: Happening & { readonly t?: number }): void {
    writeSync(this.#file, `${JSON.stringify({ t: Date.now(), ...happening })}\n`);
  }
}

export function newHistory(dir: string): string {
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** All files together, in the order of time. */
export function readHistory(dir: string): Entry[] {
  const entries = readdirSync(dir)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((from) =>
      readFileSync(join(dir, from), 'utf8')
        .split('\n')
        .filter((line) => line.endsWith('}')) // a process that was killed may have begun a line
        .map((line) => ({ ...(JSON.parse(line) as Entry), from })),
    );
  return entries.sort((a, b) => a.t - b.t);
}
