/**
 * The types that the programs of the checksum job share. A path is bytes, not text: it travels as a string with one
 * character for each byte (`latin1`). So no file name is changed on the way, and strings sort as bytes do.
 */

/** The outcome of one file. */
export interface Outcome {
  readonly path: string;
  /** The checksum in hexadecimal; missing where the file could not be read. */
  readonly sum?: string;
  /** The reason why the file could not be read. */
  readonly error?: string;
  readonly bytes: number;
  /** The number of this delivery of its marble, from 1. */
  readonly attempt: number;
  /** The run in which the file was hashed. */
  readonly run: string;
}

/** `files` and `big-files` hold paths; each job has a queue for its outcomes, named after its batch. */
export type Queues = { files: string; 'big-files': string } & Record<`outcomes/${string}`, Outcome>;

export function outcomesOf(batch: string | undefined): `outcomes/${string}` {
  return `outcomes/${batch ?? 'nobody'}`;
}

export const pathToBytes = (path: string): Buffer => Buffer.from(path, 'latin1');
export const pathOfBytes = (bytes: Buffer): string => bytes.toString('latin1');
/** Shows a path to people. */
export const pathToText = (path: string): string => pathToBytes(path).toString();
