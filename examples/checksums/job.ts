/**
 * The agreement of the programs of the checksum job. A path is bytes, not text: it travels as a string with
 * one character for each byte (`latin1`), so that no file name is changed on the way, and strings sort
 * as bytes do.
 */

/** A file to hash, and the job that asks for it: its name is that of its batch, and part of its queues' names. */
export interface File {
  readonly path: string;
  readonly job: string;
}

/** How a file fared. */
export interface Outcome {
  readonly path: string;
  /** In hexadecimal; missing where the file could not be read. */
  readonly sum?: string;
  /** Why it could not be read. */
  readonly error?: string;
  readonly bytes: number;
  /** The run that it was hashed in. */
  readonly run: string;
}

/** `above/*` holds a ticket, the path, for each file that went to the upper run; `report/*` the folder, when all is done. */
export type Queues = { files: File; 'big-files': File } & Record<`outcomes/${string}`, Outcome> &
  Record<`above/${string}` | `report/${string}`, string>;

export const pathToBytes = (path: string): Buffer => Buffer.from(path, 'latin1');
export const pathOfBytes = (bytes: Buffer): string => bytes.toString('latin1');
/** For people. */
export const pathToText = (path: string): string => pathToBytes(path).toString();
