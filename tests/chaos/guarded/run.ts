/**
 * Plays the guarded part beside the rest: failovers, asked for and forced in turn, one after the
 * other as soon as the group is whole again; then drains and hands over what happened.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import type { Remains } from '../checker.js';
import { Historian, readHistory, type Entry } from '../history.js';
import { Random } from '../random.js';
import { LateWatch, drained, noHolders, remains } from '../watch.js';
import { FAILOVER, GUARDED_RECOVERY_MS } from './plan.js';
import { GuardedStage } from './stage.js';

export interface GuardedRun {
  readonly history: Entry[];
  readonly left: Remains;
  /** Counts by kind. */
  readonly faults: ReadonlyMap<string, number>;
}

export async function runGuarded(seed: number, ms: number, dir: string): Promise<GuardedRun> {
  const stage = await GuardedStage.open(dir);
  try {
    const history = new Historian(join(dir, 'nemesis.jsonl'));
    const watch = new LateWatch([stage], history, GUARDED_RECOVERY_MS);
    const faults = await rage(stage, history, new Random(seed + 7), ms);
    await stage.close(({ role }) => role === 'producer');
    await drained([stage]);
    await stage.close(({ role }) => role !== 'monitor');
    await noHolders([stage]);
    watch.stop();
    await stage.close(() => true);
    return { history: readHistory(dir), left: await remains(stage), faults };
  } finally {
    await stage.stop();
  }
}

type Failover = (stage: GuardedStage) => Promise<void>;

const FAILOVERS: readonly (readonly [kind: string, failover: Failover])[] = [
  [`${FAILOVER}, asked for`, askedFor],
  [`${FAILOVER}, kill -9 of the master`, forced],
];

/** Each kind once at the least, however short the time. */
async function rage(stage: GuardedStage, history: Historian, random: Random, ms: number): Promise<Map<string, number>> {
  const struck = new Map<string, number>();
  const note = (kind: string) => struck.set(kind, (struck.get(kind) ?? 0) + 1);
  const end = Date.now() + ms;
  for (let n = 0; n < FAILOVERS.length || Date.now() < end; n++) {
    await sleep(random.whole(500, 3000));
    const [kind, failover] = FAILOVERS[n % FAILOVERS.length]!;
    const t = Date.now();
    if (random.next() < 0.5) {
      note('kill -9 worker');
      await random.pick(stage.actors.filter(({ role }) => role === 'plain' || role === 'pool')).program.kill();
    }
    await failover(stage);
    await stage.sentinels.whole();
    note(kind);
    history.write({ t, e: 'fault', kind, until: Date.now(), stops: true });
  }
  return struck;
}

/** The old master lives on and takes commands until Sentinel makes it a replica. */
async function askedFor({ sentinels }: GuardedStage): Promise<void> {
  const { other } = await sentinels.roles();
  await sentinels.failOver();
  await sentinels.promoted(other);
}

async function forced({ sentinels }: GuardedStage): Promise<void> {
  const { master, other } = await sentinels.roles();
  await master.kill();
  await sentinels.promoted(other);
  await sentinels.restartAsReplica(master, other);
}
