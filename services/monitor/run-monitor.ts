/**
 * Watches one run: brings back dropped marbles, promotes those that are due, tidies up.
 *
 * Every chore is a few atomic steps that look again before they act, so any number of Monitors may watch one run. What
 * may go wrong: Redis is away. Then the loops say so and try again.
 */
import { Latest, Loop, endTurns, type Logger, type Troubles } from '@marblerun/service';
import { isMarbleRunError } from 'marblerun';
import { Communicator, RECOVERED_BY, WATCH, noSweep, type SweepResult } from 'marblerun/communicator';
import { BatchWatch } from './batch-watch.js';
import type { MonitorConfig } from './config.js';
import { ConnectionWatch } from './connection-watch.js';
import type { Docker } from './docker/docker.js';
import { LabelWatch } from './docker/label-watch.js';
import { Upkeep } from './docker/upkeep.js';
import { HungWatch } from './hung-watch.js';
import { readRun, type Reading } from './reading.js';
import { RedisWatch } from './redis-watch.js';
import { CLAMPED, SEARCHED, TIDIED, type SweepMetrics } from './sweep-metrics.js';
import { NAME, VERSION } from './version.js';

const PRUNE_MS = 600_000;
/** The time between searches for large data that nobody needs. A search looks at every marble of a run that has such data. */
const LARGE_DATA_MS = 3_600_000;
/**
 * The most steps in one search for orphans, each of 1,000 keys: some 0.1 s of Redis's time, in pieces of less than a
 * millisecond.
 */
const SCAN_STEPS = 200;
const POLICY_MS = 10_000;
/**
 * The time between tidying batches. Nothing waits for it: takers drop members of cancelled batches anyway, except for
 * the delayed ones.
 */
const TIDY_MS = 60_000;
/**
 * The number of audits from one search for the members of batches to the next. A search looks at every marble where a
 * batch stands still.
 */
const BATCH_AUDIT_TURNS = 10;
/**
 * The bounds of the time between looks for dead letters that are too many or too old. Where they are kept for less, a
 * look comes as often as that.
 */
const EXPIRE_MS = { least: 1000, most: 60_000 } as const;

/** The parts that all Monitors of a process share. */
export interface MonitorParts {
  readonly log: Logger;
  readonly metrics: SweepMetrics;
  readonly troubles: Troubles;
  /** The Docker engine; undefined where none is asked. */
  readonly docker?: Docker | undefined;
}

export class RunMonitor {
  readonly communicator: Communicator;
  /**
   * The communicator for all who look, on a connection of its own, so that no scrape and no page stands before a sweep.
   */
  readonly reports: Communicator;
  /** The reading that all who look share. */
  readonly reading: Latest<Reading>;
  readonly watch: RedisWatch;
  readonly batchWatch: BatchWatch;
  readonly connections: ConnectionWatch;
  readonly hungWatch: HungWatch;
  /** Undefined where no engine is asked. */
  readonly upkeep: Upkeep | undefined;
  private readonly log: Logger;
  private readonly metrics: SweepMetrics;
  private readonly docker: Docker | undefined;
  readonly #sweeps: Loop;
  readonly #promotes: Loop;
  readonly #looks: Loop;
  readonly #loops: readonly Loop[];
  #mayScan = true;

  /** Sets up the loops; does no I/O. */
  constructor(
    readonly run: string,
    private readonly config: MonitorConfig,
    { log, metrics, troubles, docker }: MonitorParts,
  ) {
    this.log = log;
    this.metrics = metrics;
    this.docker = docker;
    this.communicator = new Communicator({ redis: config.redis, run, ...config.timeouts });
    this.reports = new Communicator({ redis: config.redis, run, ...config.timeouts });
    this.reading = new Latest(() => readRun(this.reports, config));
    this.watch = new RedisWatch(run, this.communicator, log);
    this.batchWatch = new BatchWatch(run, this.communicator, log);
    this.connections = new ConnectionWatch(run, this.communicator, log);
    this.hungWatch = new HungWatch(run, this.communicator, log);
    const { communicator, hungWatch } = this;
    const hung = () => hungWatch.hung ?? [];
    this.upkeep =
      docker && new Upkeep(run, { communicator, log, hung, engine: docker.engine, metrics: docker.upkeep }, config);
    const chore = (name: string, intervalMs: number, work: () => Promise<number | undefined>) =>
      new Loop({ name: `${run}:${name}`, intervalMs, work: () => this.#ifAllowed(work), troubles });
    this.#sweeps = chore('sweep', config.sweepMs, () => this.sweep());
    this.#promotes = chore('promote', config.promoteMs, () => this.promote());
    this.#looks = chore('connections', config.connectionsMs, () => this.lookForGone());
    docker?.events.tell(new LabelWatch(run, log));
    docker?.containers.watch(run, (container) => this.#containerEnded(container));
    this.#loops = [
      ...[this.#sweeps, this.#promotes, this.#looks],
      chore('hung', config.sweepMs, () => this.hungWatch.look()),
      chore('wake-ups', config.sweepMs, () => this.wakeAgain()),
      chore('orphans', config.orphansMs, () => this.findOrphans()),
      ...this.#tidying(chore),
      chore('policy', POLICY_MS, () => this.watch.lookAtPolicy()),
      chore('audit', config.auditMs, () => this.watch.audit()),
      chore('batch audit', BATCH_AUDIT_TURNS * config.auditMs, () => this.batchWatch.audit()),
      chore('note', WATCH.everyMs, () => this.note()),
      ...(this.upkeep?.chores ?? []).map(({ name, everyMs, work }) => chore(name, everyMs, work)),
    ];
  }

  /** Lists the chores by which nothing is kept for longer than it should be. No marble waits for these. */
  #tidying(chore: (name: string, intervalMs: number, work: () => Promise<number | undefined>) => Loop): Loop[] {
    return [
      chore('prune', PRUNE_MS, () => this.prune()),
      chore('batches', TIDY_MS, () => this.tidyBatches()),
      chore('expire', expireEveryMs(this.config.deadKeepMs), () => this.expire()),
      chore('large data', LARGE_DATA_MS, () => this.searchLargeData()),
    ];
  }

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Ends the turns under way; it breaks off those that wait for a Redis that is away or hangs. Safe to call twice. */
  async stop(): Promise<void> {
    this.batchWatch.stop();
    await endTurns(this.#loops, [this.communicator, this.reports]);
    if (this.communicator.state === 'ready') await this.#leave();
    await Promise.all([this.communicator.close(), this.reports.close()]);
  }

  /** True where the loops that marbles wait for are well. Tidying up may fail for a while, and `detail` says so. */
  get ready(): boolean {
    if (this.watch.policy) return false;
    return this.communicator.state === 'ready' && [this.#sweeps, this.#promotes].every((loop) => loop.well);
  }

  /** The time since a sweep last succeeded. */
  get sweepAgeMs(): number {
    return this.#sweeps.ageMs;
  }

  /** The state of the bus and of each loop, for people. */
  get detail(): Record<string, string> {
    const loops = this.#loops.map((loop) => [loop.name, loop.trouble || (loop.late ? 'late' : 'turning')] as const);
    const off: Record<string, string> = this.#mayScan ? {} : { orphans: 'off: this user may not SCAN' };
    const byLease: Record<string, string> = this.connections.told ? { connections: this.connections.told } : {};
    const evicts: Record<string, string> = this.watch.policy
      ? { eviction: `this Redis may evict: ${this.watch.policy}` }
      : {};
    const docker = this.docker?.detail(this.run) ?? {};
    return { redis: this.communicator.state, ...Object.fromEntries(loops), ...off, ...byLease, ...evicts, ...docker };
  }

  /**
   * Does the work, after a check of rights: a missing right is reported before a chore begins, and not in the middle of
   * it.
   */
  async #ifAllowed(work: () => Promise<number | undefined>): Promise<number | undefined> {
    await this.communicator.mustBeAllowed('monitor');
    return work();
  }

  async sweep(): Promise<undefined> {
    const result = noSweep();
    try {
      await this.communicator.recovery.sweep(this.config.maxAttempts, result);
    } finally {
      this.#tell(result); // this tells what was done even where some of it failed
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
      this.log.warn(
        { run, ...clockBack },
        'the clock of Redis has gone back; dates that lay too far ahead were corrected',
      );
      for (const what of CLAMPED) this.metrics.clockClamped.inc({ run, what }, clockBack[what]);
    }
    if (forgotten.length > 0)
      this.log.warn({ run, names: forgotten.slice(0, 10) }, 'forgot entries that were not a holder or a delivery');
  }

  /**
   * Ends the leases of processes that are gone for too long, and brings back what they held. Asks to be called again
   * when the next one is.
   */
  async lookForGone(): Promise<number | undefined> {
    const { lapsed, nextInMs } = await this.connections.look();
    if (lapsed > 0) await this.sweep();
    return nextInMs;
  }

  #containerEnded(container: string): void {
    this.connections.ended(container);
    this.#looks.wake();
  }

  /** Issues wake-ups again that were lost with a holder of several queues. */
  async wakeAgain(): Promise<undefined> {
    await this.communicator.recovery.wakeAgain();
  }

  /** Promotes marbles that are due, and asks to be called again when the next one is. */
  async promote(): Promise<number | undefined> {
    const { died, nextInMs } = await this.communicator.recovery.promote();
    if (died > 0) this.log.warn({ run: this.run, dead: died }, 'entries that were not delayed marbles are dead');
    return nextInMs < 0 ? undefined : Math.max(nextInMs, 1);
  }

  /**
   * Finds marbles of holders that have no entry. SCAN shows the names of all keys of a database, so not every user may
   * run it; everything else works without.
   */
  async findOrphans(): Promise<undefined> {
    if (!this.#mayScan) return;
    const found = await this.communicator.recovery.findOrphans(SCAN_STEPS).catch((error: unknown) => {
      if (!isMarbleRunError(error, 'MR_REDIS_AUTH')) throw error;
      this.#mayScan = false;
      this.log.warn({ run: this.run, err: error }, 'cannot search for marbles of holders without an entry');
      return 0;
    });
    if (found > 0) this.log.warn({ run: this.run, holders: found }, 'found marbles of holders without an entry');
  }

  async prune(): Promise<undefined> {
    const forgotten = await this.communicator.prune(this.config.stillMs);
    if (forgotten > 0) this.log.info({ run: this.run, queues: forgotten }, 'forgot queues that were empty and unused');
  }

  /** Completes a cancel that was cut off, and forgets batches that have been complete for as long as they are kept. */
  async tidyBatches(): Promise<undefined> {
    const { run } = this;
    const tidied = await this.communicator.batches.tidy();
    for (const what of TIDIED) this.metrics.tidied.inc({ run, what }, tidied[what]);
    if (tidied.discarded + tidied.forgotten > 0) this.log.info({ run, ...tidied }, 'tidied batches');
  }

  /** Finds large data whose marbles were deleted by hand. It needs the names of all keys, which not every user may see. */
  async searchLargeData(): Promise<undefined> {
    if (!this.#mayScan) return;
    const { run } = this;
    const found = await this.communicator.largeDataSearch.find().catch((error: unknown) => {
      if (!isMarbleRunError(error, 'MR_REDIS_AUTH')) throw error;
      this.log.warn({ run, err: error }, 'cannot search for large data without a marble');
      return undefined;
    });
    if (!found) return;
    this.metrics.largeData.set({ run }, found.there);
    for (const what of SEARCHED) this.metrics.largeDataSearched.inc({ run, what }, found[what]);
    if (found.unneeded > 0) this.log.warn({ run, ...found }, 'large data without a marble will be deleted in a day');
    if (found.needed > 0)
      this.log.warn({ run, ...found }, 'large data would have been deleted and have a marble: they stay');
  }

  /** Notes that it watches, so that clients see it. A Monitor that does not sweep does not note it. */
  async note(): Promise<undefined> {
    if (!this.#sweeps.late) await this.communicator.watchers.note(NAME, VERSION);
  }

  async #leave(): Promise<void> {
    const { watchers } = this.communicator;
    await Promise.all([watchers.leave(NAME, VERSION), this.upkeep?.stop() ?? Promise.resolve()]).catch(
      (error: unknown) => {
        this.log.warn({ run: this.run, err: error }, 'could not note that it no longer watches');
      },
    );
  }

  /** Removes dead letters that are too many or too old. */
  async expire(): Promise<undefined> {
    const { deadKeep, deadKeepMs } = this.config;
    const removed = await this.communicator.deadLetters.expire(deadKeep, deadKeepMs);
    if (removed > 0) this.log.warn({ run: this.run, removed }, 'removed dead letters that were too many or too old');
  }
}

/** Returns the time between such removals, so that no dead letter is kept for twice as long as it should be. */
function expireEveryMs(deadKeepMs: number): number {
  if (deadKeepMs === 0) return EXPIRE_MS.most;
  return Math.min(EXPIRE_MS.most, Math.max(EXPIRE_MS.least, deadKeepMs));
}
