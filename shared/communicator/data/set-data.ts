/**
 * The command that sets large data. They are written as they are: ioredis would join the text of the whole command, and
 * write that as UTF-8, for which Node.js sets aside three times its length.
 *
 * Data that are there are left alone (`NX`). So a command that is asked again changes nothing where it had been done.
 */
import type { Writable } from 'node:stream';
import { Command } from 'ioredis';
import { bulk } from '../redis/bulk.js';
import type { Weighed } from '../redis/silence.js';
import type { LargeData } from './header.js';

/** Large data that are to be sent. */
export interface LargeOutput extends LargeData {
  readonly data: string | Buffer;
  /** True from when it was set ahead until its command begins (`data-ahead.ts`). */
  isAhead?: boolean;
}

/** The longest time between the setting of data and the step that sends their marble. A slow link needs much of it. */
const UNSENT_SECONDS = 3600;
const WORDS = ['EX', String(UNSENT_SECONDS), 'NX'];

export class SetData extends Command implements Weighed {
  constructor(
    private readonly key: string,
    private readonly large: LargeOutput,
  ) {
    super('set', [key]); // a list with the data in it would be a literal under way (docs/PERFORMANCE.md)
  }

  get owedBytes(): number {
    return this.large.data.length;
  }

  /** Writes all but the end of the command, which is left to the caller. */
  override toWritable(stream: object): string {
    const { data } = this.large;
    const bytes = Buffer.byteLength(data);
    const head = `*${3 + WORDS.length}\r\n$3\r\nset\r\n${bulk(this.key)}$${bytes}\r\n`;
    (stream as Writable).write(head);
    if (typeof data !== 'string') (stream as Writable).write(data);
    else if (data.length === bytes)
      (stream as Writable).write(data, 'latin1'); // all of it is ASCII
    else (stream as Writable).write(Buffer.from(data));
    return `\r\n${WORDS.map(bulk).join('')}`;
  }
}
