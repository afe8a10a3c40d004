/**
 * Watches one run: brings back what was dropped, promotes what is due, tidies up.
 *
 * Every chore is a few atomic steps that look again before they act, so any number of Monitors may
 * watch one run. What may go wrong: Redis is away; then the loops say so and try again.
 */
import { Latest, Loop, endTurns, type Logger, type Troubles } from '@marblerun/service';
import { isMarbleRunError } from 'marblerun';
import { Communicator, RECOVERED_BY, WATCH, noSweep, type SweepResult } from 'marblerun/communicator';
import { BatchWatch } from './batch-watch.js';
import type { MonitorConfig } from './config.js';
import { ConnectionWatch } from './connection-watch.js';
import { readRun, type Reading } from './reading.js';
import { RedisWatch } from './redis-watch.js';
import { CLAMPED, TIDIED, type SweepMetrics } from './sweep-metrics.js';
import { NAME, VERSION } from './version.js';

const PRUNE_MS = 600_000;
/** Of 1,000 keys each, in one search for orphans: some 0.1 s of Redis's time, in steps of less than a millisecond. */
const SCAN_STEPS = 200;
const POLICY_MS = 10_000;
/** Nothing waits for it: takers drop members of cancelled batches anyway, all but the delayed ones. */
const TIDY_MS = 60_000;
/** Audits until batches are searched for their members: each marble is looked at then, where a batch stands still. */
const BATCH_AUDIT_TURNS = 10;
/** Of looks for the dead that are too many or too old; where they are kept for less, as often as that. */
const EXPIRE_MS = { least: 1000, most: 60_000 } as const;

export class RunMonitor {
  readonly communicator: Communicator;
  /** For who looks: on a connection of its own, so that no scrape and no page stands before a sweep. */
  readonly reports: Communicator;
  /** One for all who look. */
  readonly reading: Latest<Reading>;
  readonly watch: RedisWatch;
  readonly batchWatch: BatchWatch;
  readonly connections: ConnectionWatch;
  readonly #sweeps: Loop;
  readonly #promotes: Loop;
  readonly #loops: readonly Loop[];
  #mayScan = true;

  /** Does no I/O. */
  constructor(
    readonly run: string,
    private readonly config: MonitorConfig,
    private readonly log: Logger,
    private readonly metrics: SweepMetrics,
    troubles: Troubles,
  ) {
    this.communicator = new Communicator({ redis: config.redis, run, ...config.timeouts });
    this.reports = new Communicator({ redis: config.redis, run, ...config.timeouts });
    this.reading = new Latest(() => readRun(this.reports, config));
    this.watch = new RedisWatch(run, this.communicator, log);
    this.batchWatch = new BatchWatch(run, this.communicator, log);
    this.connections = new ConnectionWatch(run, this.communicator, log);
    const chore = (name: string, intervalMs: number, work: () => Promise<number | undefined>) =>
      new Loop({ name: `${run}:${name}`, intervalMs, work: () => this.#ifAllowed(work), troubles });
    this.#sweeps = chore('sweep', config.sweepMs, () => this.sweep());
    this.#promotes = chore('promote', config.promoteMs, () => this.promote());
    this.#loops = [
      this.#sweeps,
      this.#promotes,
      chore('connections', config.connectionsMs, () => this.lookForGone()),
      chore('orphans', config.orphansMs, () => this.findOrphans()),
      chore('prune', PRUNE_MS, () => this.prune()),
      chore('batches', TIDY_MS, () => this.tidyBatches()),
      chore('policy', POLICY_MS, () => this.watch.lookAtPolicy()),
      chore('audit', config.auditMs, () => this.watch.audit()),
      chore('batch audit', BATCH_AUDIT_TURNS * config.auditMs, () => this.batchWatch.audit()),
      chore('expire', expireEveryMs(config.deadKeepMs), () => this.expire()),
      chore('note', WATCH.everyMs, () => this.note()),
    ];
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Ends the turns under way; those that wait for a Redis that is away or hangs are broken off. Safe twice. */
  async stop(): Promise<void> {
    this.batchWatch.stop();
    await endTurns(this.#loops, [this.communicator, this.reports]);
    if (this.communicator.state === 'ready') await this.#leave();
    await Promise.all([this.communicator.close(), this.reports.close()]);
  }

  /** What marbles wait for decides: tidying up may fail for a while, and `detail` says so. */
  get ready(): boolean {
    if (this.watch.policy) return false;
    return this.communicator.state === 'ready' && [this.#sweeps, this.#promotes].every((loop) => loop.well);
  }

  /** How long ago a sweep last succeeded. */
  get sweepAgeMs(): number {
    return this.#sweeps.ageMs;
  }

  /** For people: the state of the bus and of each loop. */
  get detail(): Record<string, string> {
    const loops = this.#loops.map((loop) => [loop.name, loop.trouble || (loop.late ? 'late' : 'turning')] as const);
    const off: Record<string, string> = this.#mayScan ? {} : { orphans: 'off: this user may not SCAN' };
    const byLease: Record<string, string> = this.connections.told ? { connections: this.connections.told } : {};
    const evicts: Record<string, string> = this.watch.policy
      ? { eviction: `this Redis may evict: ${this.watch.policy}` }
      : {};
    return { redis: this.communicator.state, ...Object.fromEntries(loops), ...off, ...byLease, ...evicts };
  }

  /** A right that is missing is told before a chore begins, and not in the middle of it. */
  async #ifAllowed(work: () => Promise<number | undefined>): Promise<number | undefined> {
    await this.communicator.mustBeAllowed('monitor');
    return work();
  }

  async sweep(): Promise<undefined> {
    const result = noSweep();
    try {
      await this.communicator.recovery.sweep(this.config.maxAttempts, result);
    } finally {
      this.#tell(result); // also what was done where some of it failed
    }
  }

  #tell({ returned, dead, silent, recovered, lateMs, forgotten, clockBack }: SweepResult): void {
    const { run } = this;
    for (const by of RECOVERED_BY) this.metrics.recovered.inc({ run, by }, recovered[by]);
    for (const ms of lateMs) this.metrics.recoverySeconds.observe({ run }, ms / 1000);
    this.metrics.silentHolders.inc({ run }, silent);
    if (returned + dead > 0) this.log.info({ run, returned, dead, silent }, 'brought dropped marbles back');
    if (dead > 0) this.log.warn({ run, dead }, 'marbles are dead');
    if (clockBack) {
      this.log.warn({ run, ...clockBack }, 'the clock of Redis has gone back; what lay too far ahead was set right');
      for (const what of CLAMPED) this.metrics.clockClamped.inc({ run, what }, clockBack[what]);
    }
    if (forgotten.length > 0)
      this.log.warn({ run, names: forgotten.slice(0, 10) }, 'forgot what was no holder or delivery');
  }

  /** Ends the leases of those that are gone for too long, and brings back what they held. Asks to be called again when the next one is. */
  async lookForGone(): Promise<number | undefined> {
    const { lapsed, nextInMs } = await this.connections.look();
    if (lapsed > 0) await this.sweep();
    return nextInMs;
  }

  /** Asks to be called again when the next one is due. */
  async promote(): Promise<number | undefined> {
    const { buried, nextInMs } = await this.communicator.recovery.promote();
    if (buried > 0) this.log.warn({ run: this.run, dead: buried }, 'what was no delayed marble is dead');
    return nextInMs < 0 ? undefined : Math.max(nextInMs, 1);
  }

  /** SCAN shows the names of all keys of a database, so not every user may: all else goes on without. */
  async findOrphans(): Promise<undefined> {
    if (!this.#mayScan) return;
    const found = await this.communicator.recovery.findOrphans(SCAN_STEPS).catch((error: unknown) => {
      if (!isMarbleRunError(error, 'MR_REDIS_AUTH')) throw error;
      this.#mayScan = false;
      this.log.warn({ run: this.run, err: error }, 'no search for marbles of holders without an entry');
      return 0;
    });
    if (found > 0) this.log.warn({ run: this.run, holders: found }, 'found marbles of holders without an entry');
  }

  async prune(): Promise<undefined> {
    const forgotten = await this.communicator.prune(this.config.stillMs);
    if (forgotten > 0) this.log.info({ run: this.run, queues: forgotten }, 'forgot queues that were still');
  }

  /** Does what a cancel that was cut left undone; forgets batches that were complete for as long as they are kept. */
  async tidyBatches(): Promise<undefined> {
    const { run } = this;
    const tidied = await this.communicator.batches.tidy();
    for (const what of TIDIED) this.metrics.tidied.inc({ run, what }, tidied[what]);
    if (tidied.discarded + tidied.forgotten > 0) this.log.info({ run, ...tidied }, 'tidied batches');
  }

  /** So that clients see that somebody watches; not where it does not sweep. */
  async note(): Promise<undefined> {
    if (!this.#sweeps.late) await this.communicator.watchers.note(NAME, VERSION);
  }

  async #leave(): Promise<void> {
    await this.communicator.watchers.leave(NAME, VERSION).catch((error: unknown) => {
      this.log.warn({ run: this.run, err: error }, 'could not note that it watches no longer');
    });
  }

  /** The retention of the dead. */
  async expire(): Promise<undefined> {
    const { deadKeep, deadKeepMs } = this.config;
    const removed = await this.communicator.graveyard.expire(deadKeep, deadKeepMs);
    if (removed > 0) this.log.warn({ run: this.run, removed }, 'removed dead marbles that were too many or too old');
  }
}

/** So that no dead marble is kept for twice as long as it should be. */
function expireEveryMs(deadKeepMs: number): number {
  if (deadKeepMs === 0) return EXPIRE_MS.most;
  return Math.min(EXPIRE_MS.most, Math.max(EXPIRE_MS.least, deadKeepMs));
}
