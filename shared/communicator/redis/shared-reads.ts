/**
 * Connects clients of ioredis by sockets that all read into one buffer of this thread.
 *
 * By itself Node.js makes a buffer of 64 KiB for each piece that comes, and gives most of it back: for an answer of a
 * hundred bytes that costs more than reading it. Here the piece is copied to where it is as long as it needs to be. What
 * may go wrong: on Windows the system writes into a buffer while others read, and other runtimes than Node.js give each
 * piece in a buffer of its own. There ioredis connects as ever, as it does with TLS and where Sentinels are asked.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { AbstractConnector, type RedisOptions } from 'ioredis';

/** True where sockets read into buffers that they are given. */
export const READS_INTO = !('bun' in process.versions) && !('deno' in process.versions);

const BYTES = 65_536;
let space: Buffer | undefined;

class SharedReads extends AbstractConnector {
  constructor(private readonly options: RedisOptions) {
    super(options.disconnectTimeout ?? 2000);
  }

  async connect(): Promise<Socket> {
    const { path, host, port, family } = this.options;
    this.connecting = true;
    await new Promise<void>((resolve) => process.nextTick(resolve)); // whoever asked may break off at once
    if (!(this.connecting as boolean)) throw new Error('Connection is closed.');
    const buffer = (space ??= Buffer.allocUnsafeSlow(BYTES));
    const callback = (n: number) => {
      socket.emit('data', Buffer.from(buffer.subarray(0, n)));
      return true; // go on reading
    };
    const place = path ? { path } : { host, port, family };
    const socket: Socket = connect({ ...place, onread: { buffer, callback } } as NetConnectOpts);
    socket.once('error', (error) => (this.firstError = error));
    this.stream = socket;
    return socket;
  }
}

/** The options of ioredis by which it connects so, or none where it cannot. */
export function sharedReads({ sentinels, tls }: RedisOptions): RedisOptions {
  const canShare = READS_INTO && process.platform !== 'win32' && !sentinels && !tls;
  return canShare ? { Connector: SharedReads as NonNullable<RedisOptions['Connector']> } : {};
}
