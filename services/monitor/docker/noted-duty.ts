/**
 * A duty of the Monitors of a run that lies outside of Redis, with what they note about it: any of them goes on with
 * what another began.
 *
 * What may go wrong: what is noted was written by another version, or by hand. It then counts as nothing noted.
 */
import type { Communicator } from 'marblerun/communicator';
import type { z } from 'zod';

/**
 * The time for which a Monitor has a duty from each note on. It is longer than any command to an engine takes, so that
 * a command ends before another Monitor begins.
 */
const FOR_MS = 60_000;

export class NotedDuty<Note> {
  #fence: number | undefined;
  #latest: string | undefined;

  constructor(
    private readonly communicator: Communicator,
    private readonly duty: string,
    private readonly schema: z.ZodType<Note>,
    private readonly nothing: Note,
  ) {}

  /** The number of this owner; undefined while another Monitor has the duty. */
  get fence(): number | undefined {
    return this.#fence;
  }

  /** Takes the duty or keeps it. Returns what is noted and the date by Redis's clock; undefined where another has it. */
  async take(): Promise<{ note: Note; at: number } | undefined> {
    const taken = await this.communicator.duties.take(this.duty, FOR_MS);
    this.#fence = taken?.fence;
    this.#latest = taken?.note;
    return taken && { note: this.#read(taken.note), at: taken.at };
  }

  /** Notes what is about to be done. False where this Monitor has the duty no longer: then it may do nothing. */
  async note(note: Note): Promise<boolean> {
    return this.#write(JSON.stringify(note), FOR_MS);
  }

  /** Asks whether this Monitor still has the duty, just before a command. */
  async isMine(): Promise<boolean> {
    return this.#write(this.#latest ?? '', FOR_MS);
  }

  /** Reads what is noted, whoever has the duty. */
  async noted(): Promise<Note> {
    return this.#read(await this.communicator.duties.noted(this.duty));
  }

  /** Lets another Monitor have it at once. */
  async giveUp(): Promise<void> {
    if (this.#fence !== undefined) await this.#write(this.#latest ?? '', 0);
    this.#fence = undefined;
  }

  async #write(text: string, forMs: number): Promise<boolean> {
    if (this.#fence === undefined) return false;
    const isMine = await this.communicator.duties.note(this.duty, this.#fence, text, forMs);
    if (isMine) this.#latest = text;
    else this.#fence = undefined;
    return isMine;
  }

  #read(text: string): Note {
    try {
      return this.schema.parse(JSON.parse(text));
    } catch {
      return this.nothing; // nothing was noted yet, or it is not ours
    }
  }
}
