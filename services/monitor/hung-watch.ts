/**
 * Looks which workers hang, and tells the log of each once.
 *
 * Their marbles are back already (their time limits saw to that); what such a worker can do is lost until its loop turns
 * again or somebody restarts it.
 */
import type { Logger } from '@marblerun/service';
import type { Communicator, HungHolder } from 'marblerun/communicator';

export class HungWatch {
  /** The holders that hang, the longest first; undefined before the first look. */
  hung: readonly HungHolder[] | undefined;

  constructor(
    private readonly run: string,
    private readonly communicator: Communicator,
    private readonly log: Logger,
  ) {}

  async look(): Promise<undefined> {
    const { run, log, hung: before = [] } = this;
    this.hung = await this.communicator.hungHolders.look();
    for (const { holder, blockedMs, about } of without(this.hung, before)) {
      const where = { host: about['host'], pid: about['pid'], report: about['report'] };
      log.warn({ run, holder, ...where, blockedMs }, 'a worker hangs: its event loop is blocked beyond a time limit');
    }
    for (const { holder } of without(before, this.hung)) log.info({ run, holder }, 'a worker hangs no longer');
  }
}

function without(some: readonly HungHolder[], others: readonly HungHolder[]): HungHolder[] {
  const known = new Set(others.map(({ holder }) => holder));
  return some.filter(({ holder }) => !known.has(holder));
}
