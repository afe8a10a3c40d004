/** A server that contestants keep their marbles in. */

/** The resources that a server has used so far; NaN for what it does not tell. */
export interface ServerUse {
  readonly cpuUs: number;
  readonly commands: number;
  /** Calls of scripts, from without. */
  readonly scripts: number;
  /** The time that it worked on these, by its own count. What it reads, writes and waits for is not in it. */
  readonly scriptUs: number;
  /** Over the network, both ways. */
  readonly bytes: number;
  readonly memory: number;
}

/** A run of MarbleRun, and the place of it. */
export interface Part {
  readonly url: string;
  readonly run: string;
}

export interface Server {
  /** The place where contestants connect. */
  readonly url: string;
  /** Variables that their processes need. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it consists of several that work by themselves. */
  readonly parts?: readonly Part[];
  /** Its processes. */
  pids(): number[];
  use(): Promise<ServerUse>;
  /** Empties it. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}
