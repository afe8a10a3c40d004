/**
 * A holder as it should be: what Redis has of it, and what its client believes.
 *
 * The two may differ, since the Monitor takes things back and replies are lost. The verbs are those of a `Holding`:
 * swap, block, giveBack.
 */
import { ClientModel, MOST_IN_INBOX, type InboxModel } from './client-model.js';
import { hasData } from './large-data.js';
import { isPlainStep, stepAsSwap } from './holder-requests.js';
import type { BeginModel, GiveBackModel, StepModel, SwapModel } from './holder-requests.js';
import { groupBy, lineOf, type OutputModel, type RunModel } from './run-model.js';

export interface MarbleModel {
  readonly id: string;
  readonly attempt: number;
  readonly max: number | undefined;
  /** The degree to which the marble is suspected of having ended its holder. */
  readonly suspicion: 0 | 1 | 2;
  readonly expedited?: boolean;
  /** True where its data lie beside the list. */
  readonly large?: boolean;
  /** The id of its batch. */
  readonly member?: string | undefined;
}

export interface Delivery {
  readonly seq: number;
  readonly queue: string;
  readonly receipt: string;
  readonly marble: MarbleModel;
  /** Set once it was noted that work on it begins: alone (`a`), or among others (`c`). */
  begun?: 'a' | 'c';
}

export class HolderModel {
  /** The holder's entry in the table of leases: none, on time, or past its time. */
  entry: 'none' | 'alive' | 'expired' = 'alive';
  /** The number of the look that has ended its lease. 0: it was ended otherwise, and counts as passed before all others. */
  expiredAt = 0;
  /** The holder's description, which somebody may delete. */
  about:
    | {
        readonly waiting?: string;
        readonly maxAttempts?: number;
        readonly takesAhead?: boolean;
        /** True where others of its process may take ahead too. */
        readonly hasCompany?: boolean;
        readonly heart?: string;
      }
    | undefined;
  /** True until everything that it left behind was cleared away. */
  hasTraces = true;
  held: Delivery[] = [];
  readonly inbox = new Map<string, MarbleModel[]>();
  readonly client = new ClientModel();
  /** The last numbered command that Redis has noted. */
  lastNoted = 0;
  /**
   * True where the notes of its commands are gone and the client knew of them: what is held in its name now is not what
   * it holds.
   */
  #notesLost = false;
  private readonly maxAttempts: number;

  constructor(
    readonly id: string,
    private readonly run: RunModel,
    private readonly timeLimit: boolean,
    about: { readonly maxAttempts: number; readonly takesAhead: boolean; readonly heart: string },
  ) {
    this.about = about;
    this.client.takesAhead = about.takesAhead;
    this.maxAttempts = about.maxAttempts;
  }

  beat(): boolean {
    if (this.entry === 'none') return false;
    this.entry = 'alive';
    return true;
  }

  /** Finishes and takes. `replyLost`: the command is sent again. */
  swap(request: SwapModel, replyLost = false): { taken: Delivery[]; refused: string[] } | 'forgotten' {
    const { client } = this;
    const { inbox } = client;
    let seq = client.seq;
    client.seq += request.want;
    client.commands++;
    this.#endWait();
    if (this.entry === 'none') return 'forgotten';
    if (inbox && this.about?.waiting === undefined) return 'forgotten';
    if (this.#notesLost) return 'forgotten';
    this.entry = 'alive';
    const taken = inbox ? this.#adopt(inbox) : [];
    for (const receipt of request.abandon) if (this.has(receipt)) this.run.deadlines.set(`${this.id} ${receipt}`, 0);
    const refused = this.#finish(request.finish);
    let { want } = request;
    for (const queue of request.sources) {
      const marbles = want > 0 ? lineOf(this.run.queues, queue).splice(0, want) : [];
      want -= marbles.length;
      this.run.count(queue, 'taken', marbles.length);
      for (const marble of marbles) taken.push(this.#hold(seq++, queue, marble));
    }
    if (request.waitOn !== undefined && request.waitOn !== client.waitsOn) {
      client.waitsOn = request.waitOn;
      this.about = { ...this.about, waiting: request.waitOn };
    }
    const isNoted = request.finish.length > 0 || taken.length > 0 || inbox?.known === true;
    if (isNoted) client.noted = client.commands;
    if (taken.length > 0) client.lastTake = { command: client.commands, firstSeq: client.seq - request.want };
    if (isNoted || replyLost) this.lastNoted = client.commands;
    client.inbox = undefined;
    return { taken, refused };
  }

  /** Takes a step of a loop. `replyLost`: a swap follows under the same number, and tells what was done. */
  step(asked: StepModel, replyLost: boolean) {
    const { client } = this;
    const { receipt, seq, queue, outputs, source } = asked;
    if (!client.takesAhead) {
      client.takesAhead = this.hasTraces = true;
      this.about = { ...this.about, takesAhead: true, hasCompany: true };
    }
    const isOfLast = client.noted === client.lastTake.command && seq >= client.lastTake.firstSeq;
    const delivery = this.held.find((other) => other.receipt === receipt);
    const isPlain = delivery !== undefined && isPlainStep(asked, delivery.marble);
    if (client.inbox || this.timeLimit || !isOfLast || !isPlain) return this.swap(stepAsSwap(asked), replyLost);
    this.#endWait();
    this.drop(receipt);
    this.run.count(queue, 'finished', 1);
    this.run.send(outputs);
    const [marble] = lineOf(this.run.queues, source).splice(0, 1);
    const next = client.seq++;
    this.lastNoted = client.noted = ++client.commands;
    if (marble) this.run.count(source, 'taken', 1);
    const taken = marble ? [this.#hold(next, source, marble)] : [];
    if (marble) client.lastTake = { command: client.commands, firstSeq: next };
    if (replyLost && this.entry === 'none') return 'forgotten';
    if (replyLost) this.entry = 'alive';
    return { taken, refused: [] };
  }

  /** Waits for one marble. `replyLost`: the marble is handed over and the client is not told. */
  block(replyLost: boolean): Delivery | undefined {
    const { client } = this;
    if (client.inbox) return undefined;
    this.#endWait();
    const inbox: InboxModel = (client.inbox = { seq: client.seq, known: false });
    client.seq += MOST_IN_INBOX;
    client.mayStillWait = true;
    const known = this.beat();
    if (!known && !client.waitNoted) return undefined;
    client.waitNoted = known;
    client.hasCut = !known;
    if (known) this.about ??= {};
    const marble = lineOf(this.run.queues, client.waitsOn).shift();
    if (!marble) {
      client.mayStillWait = replyLost;
      client.waitNoted = false; // whatever follows a wait in vain is noted first
      return undefined;
    }
    lineOf(this.inbox, client.waitsOn).unshift(marble);
    this.hasTraces = true;
    if (replyLost || !known) return undefined;
    inbox.known = true;
    client.mayStillWait = false;
    const queue = client.waitsOn;
    if (this.timeLimit || (marble.suspicion > 0 && !client.takesAhead)) this.adopt();
    return { seq: inbox.seq, queue, marble, receipt: `${inbox.seq}/${queue}` };
  }

  /** Lets a wait that its client had given up go on, and take one more marble. */
  landLate(): boolean {
    const { inbox, waitsOn, mayStillWait } = this.client;
    const marble =
      inbox && mayStillWait && this.entry !== 'none' ? lineOf(this.run.queues, waitsOn).shift() : undefined;
    if (!marble) return false;
    lineOf(this.inbox, waitsOn).unshift(marble);
    this.hasTraces = true;
    return true;
  }

  /** Notes that work begins. Returns the receipts of marbles that are not held any more. */
  begin(items: readonly BeginModel[]): string[] {
    this.adopt();
    for (const { receipt, limit, begun } of items) {
      const delivery = this.held.find((other) => other.receipt === receipt);
      if (!delivery) continue;
      if (begun) delivery.begun = begun;
      if (limit === 'some') this.run.deadlines.set(`${this.id} ${receipt}`, 2);
      if (limit === 'none') this.run.deadlines.delete(`${this.id} ${receipt}`);
    }
    return items.filter(({ receipt }) => !this.has(receipt)).map(({ receipt }) => receipt);
  }

  /** Moves marbles that are known to be in the inbox into the hand. */
  adopt(): void {
    if (this.client.inbox?.known) this.swap({ finish: [], abandon: [], sources: [], want: 0, waitOn: undefined });
  }

  giveBack(items: readonly GiveBackModel[]): { refused: string[]; dead: string[] } | 'forgotten' {
    this.adopt();
    this.client.commands++;
    if (!this.mayGiveBack) return 'forgotten';
    this.client.noted = this.client.commands;
    this.lastNoted = this.client.commands;
    const [refused, dead]: string[][] = [[], []];
    for (const { receipt, queue, verdict, delay } of items) {
      const delivery = this.drop(receipt);
      if (!delivery) {
        refused!.push(receipt);
        continue;
      }
      this.run.deadlines.delete(`${this.id} ${receipt}`);
      const batch = this.run.batches.of(delivery.marble);
      if (verdict === 'cancel' && batch?.cancelled) {
        batch.dropped++;
        this.run.count(queue, 'finished', 1);
        continue;
      }
      const isMissing = verdict === 'missing' && !hasData(this.run, delivery.marble.id);
      const why = isMissing ? 'data missing' : 'failed';
      const isFailed = verdict === 'fail' || isMissing;
      this.run.count(queue, isFailed ? 'failed' : 'released', 1);
      const again = isFailed ? this.run.retryOrDie(queue, delivery.marble, why, this.maxAttempts) : delivery.marble;
      if (!again) dead!.push(receipt);
      else this.run.putBack(queue, again, verdict === 'fail' ? delay : 0);
      if (again && verdict === 'fail') this.run.count(queue, 'returned', 1);
    }
    this.run.batches.bookOwed();
    return { refused: refused!, dead: dead! };
  }

  /** False where Redis or the client knows that it is given up: giving back does nothing then. */
  get mayGiveBack(): boolean {
    return this.entry !== 'none' && !this.#notesLost;
  }

  has(receipt: string): boolean {
    return this.held.some((delivery) => delivery.receipt === receipt);
  }

  /** Drops what was held under this receipt, and returns it. */
  drop(receipt: string): Delivery | undefined {
    const delivery = this.held.find((other) => other.receipt === receipt);
    this.held = this.held.filter((other) => other !== delivery);
    return delivery;
  }

  /** Removes everything of the holder from Redis. */
  forget(): void {
    this.#notesLost = this.client.noted > 0;
    this.held = [];
    this.lastNoted = 0;
    this.entry = 'none';
    this.about = undefined;
    this.hasTraces = [...this.inbox.values()].some((marbles) => marbles.length > 0);
  }

  #adopt(inbox: InboxModel): Delivery[] {
    const queue = this.about!.waiting!;
    const marbles = lineOf(this.inbox, this.client.waitsOn).splice(0, MOST_IN_INBOX);
    this.run.count(queue, 'taken', marbles.length);
    const deliveries = marbles.map((marble, i) => this.#hold(inbox.seq + i, queue, marble));
    return inbox.known ? deliveries.slice(1) : deliveries;
  }

  /** Ends a wait whose end is not known, before anybody looks what is in the inbox. */
  #endWait(): void {
    const { client } = this;
    if (!client.mayStillWait) return;
    client.mayStillWait = client.waitNoted = false; // nothing is noted yet of the next connection
    client.hasCut = true;
  }

  /** Finishes marbles and returns the refused receipts. Outputs of the others are sent after all of them. */
  #finish(finish: SwapModel['finish']): string[] {
    const refused: string[] = [];
    const outputs: OutputModel[] = [];
    for (const [queue, group] of groupBy(finish, ({ queue }) => queue)) {
      for (const item of group) {
        if (this.drop(item.receipt)) {
          this.run.count(queue, 'finished', 1);
          if (this.timeLimit) this.run.deadlines.delete(`${this.id} ${item.receipt}`);
          outputs.push(...item.outputs);
        } else refused.push(item.receipt);
      }
    }
    this.run.send(outputs);
    this.run.batches.bookOwed();
    return refused;
  }

  #hold(seq: number, queue: string, marble: MarbleModel): Delivery {
    const delivery = { seq, queue, marble, receipt: `${seq}/${queue}` };
    this.held.push(delivery);
    if (this.timeLimit) this.run.deadlines.set(`${this.id} ${delivery.receipt}`, 2);
    return delivery;
  }
}
