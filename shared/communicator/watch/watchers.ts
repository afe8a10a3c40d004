/**
 * The Monitors of a run, as they note it themselves. Without one, nothing that was dropped or delayed comes back.
 *
 * A note says when its Monitor last turned. A Monitor that was killed leaves its note, which tells how long ago that
 * was.
 */
import type { Connection } from '../redis/connection.js';
import type { RunKeys } from '../redis/keys.js';
import type { MonitorStatus } from './run-status.js';
import { callScript } from '../redis/scripts.js';
import { timeMs } from '../redis/redis-time.js';

export const WATCH = Object.freeze({
  /** The time between two notes of a Monitor. */
  everyMs: 5000,
  /** A Monitor that is silent for longer is not watching. */
  patienceMs: 30_000,
  /** A Monitor that is silent for longer is forgotten. */
  keepMs: 3_600_000,
});

export class Watchers {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly keys: RunKeys,
  ) {}

  /** Notes that the Monitor turns. */
  async note(name: string, version: string): Promise<void> {
    const args = { monitor: member(name, version), keepMs: WATCH.keepMs };
    await this.connection.run((redis) => callScript(redis, this.keys, 'watch', { args }));
  }

  /** Removes the note, because the Monitor watches no longer. */
  async leave(name: string, version: string): Promise<void> {
    await this.connection.run((redis) => redis.zrem(this.keys.monitors, member(name, version)));
  }

  /** Lists the Monitors, the one that turned last first. */
  async list(): Promise<MonitorStatus[]> {
    const [flat, now] = await this.connection.run((redis) =>
      Promise.all([redis.zrange(this.keys.monitors, '0', '-1', 'WITHSCORES'), timeMs(redis)]),
    );
    const monitors: MonitorStatus[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      const [name = '', version = ''] = flat[i]!.split(' ');
      const turnedAt = Number(flat[i + 1]);
      monitors.unshift({ name, version, turnedAt, silentMs: Math.max(0, now - turnedAt) });
    }
    return monitors;
  }
}

/** The member of a note. Blanks in a name become dashes, because a blank ends it. */
function member(name: string, version: string): string {
  return `${name.replace(/\s/g, '-')} ${version}`;
}
