/**
 * Batches as they should be: what is left of one is counted anew from everything that exists, wherever it lies.
 */
import type { MarbleModel } from './holder-model.js';
import type { RunModel } from './run-model.js';

export interface PolicyModel {
  readonly onDead: 'wait' | 'continue' | 'cancel';
  readonly maxDead: number | string | undefined;
  readonly elevated: 'wait' | 'done';
  /** The queue of its `then`. */
  readonly then: string | undefined;
}

export class BatchModel {
  sealed = false;
  cancelled = false;
  done = false;
  fired = false;
  sent = 0;
  gone = 0;
  dropped = 0;
  failed = 0;
  elevated = 0;

  constructor(
    readonly id: string,
    readonly name: string,
    readonly policy: PolicyModel,
    readonly parent: BatchModel | undefined,
  ) {}
}

export class BatchesModel {
  /** The batches by id; those that were forgotten are missing. */
  readonly all = new Map<string, BatchModel>();

  constructor(private readonly run: RunModel) {}

  of({ member }: MarbleModel): BatchModel | undefined {
    return member === undefined ? undefined : this.all.get(member);
  }

  named(name: string): BatchModel | undefined {
    return [...this.all.values()].find((batch) => batch.name === name);
  }

  open(id: string, name: string, policy: PolicyModel, parent: BatchModel | undefined): void {
    this.all.set(id, new BatchModel(id, name, policy, parent));
    if (parent) parent.sent++;
  }

  /** Returns why nothing can be sent to a batch from outside. */
  refusal({ done, cancelled, sealed }: BatchModel): string | undefined {
    return done ? 'complete' : cancelled ? 'cancelled' : sealed ? 'sealed' : undefined;
  }

  seal(batch: BatchModel): void {
    batch.sealed = true;
    this.bookOwed();
  }

  /** With all that is in it; its delayed members are not dropped yet. */
  cancel(batch: BatchModel): void {
    if (batch.done) return;
    batch.cancelled = batch.sealed = true;
    this.bookOwed();
    for (const child of this.children(batch)) if (!child.cancelled) this.cancel(child);
  }

  forget(over: readonly BatchModel[]): void {
    for (const batch of over) if (batch.done && this.dead(batch) === 0) this.all.delete(batch.id);
  }

  children(batch: BatchModel): BatchModel[] {
    return [...this.all.values()].filter(({ parent }) => parent === batch);
  }

  dead(batch: BatchModel): number {
    return this.run.dead.filter(({ marble }) => marble.member === batch.id).length;
  }

  /** Counts what is left of a batch, with one more until it is sealed. */
  left(batch: BatchModel): number {
    const alive = [...this.run.alive()].filter(({ member }) => member === batch.id).length;
    const above = batch.policy.elevated === 'wait' ? batch.elevated : 0;
    const children = this.children(batch).filter(({ done }) => !done).length;
    return alive + above + children + (batch.sealed ? 0 : 1);
  }

  /**
   * Settles batches at the end of each script: whatever has to happen to a batch now happens, in the order of their
   * ids.
   */
  bookOwed(): void {
    const batches = [...this.all.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    while (batches.some((batch) => this.#step(batch)));
  }

  #step(batch: BatchModel): boolean {
    if (!batch.cancelled && this.#isOverPolicy(batch)) {
      batch.cancelled = batch.sealed = true;
      return true;
    }
    const left = this.left(batch);
    if (batch.done && left > 0) {
      batch.done = false;
      return true;
    }
    if (batch.done || left > 0) return false;
    if (batch.policy.onDead === 'wait' && !batch.cancelled && this.dead(batch) > 0) return false;
    batch.done = true;
    this.#fire(batch);
    return true;
  }

  #fire(batch: BatchModel): void {
    const { id, parent, policy } = batch;
    if (policy.then === undefined || batch.fired) return;
    batch.fired = true;
    this.run.pushThen(policy.then, { id: `${id}.then`, attempt: 0, max: undefined, suspicion: 0, member: parent?.id });
    if (parent) parent.sent++;
  }

  #isOverPolicy(batch: BatchModel): boolean {
    const { onDead, maxDead } = batch.policy;
    const dead = this.dead(batch);
    if (onDead === 'cancel' && dead > 0) return true;
    if (maxDead === undefined) return false;
    if (typeof maxDead === 'number') return dead > maxDead;
    return batch.sealed && dead > (batch.sent * parseFloat(maxDead)) / 100;
  }
}
