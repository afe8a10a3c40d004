/**
 * A batch of many marbles goes through three queues with fan-out, while workers, Monitors and Redis are killed, from its
 * first marble to its last: it is complete in the end, and its `then` was sent once.
 */
import { until } from '@marblerun/test-support';
import { Marble, type Batch, type BatchProgress } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { Random } from '../chaos/random.js';
import { KINDS, MEMBERS_OF_ONE, RUN, type Kind, type Queues } from './plan.js';
import { Stage } from './stage.js';

export interface Setting {
  /** A multiple of MEMBERS_OF_ONE. */
  readonly members: number;
  /** Draws when whom the kills strike. */
  readonly seed: number;
  readonly kills: Readonly<Record<Kind, number>>;
  readonly deadlineMs: number;
}

export interface Told {
  /** From the first marble to the end of the batch. */
  readonly seconds: number;
  /** While the batch was not complete. */
  readonly kills: Readonly<Record<Kind, number>>;
  readonly batch: BatchProgress;
  /** How often `then` came into its queue, and the id that was noted with each time that it was worked on. */
  readonly then: { readonly sent: number; readonly ids: readonly string[] };
  /** Marbles that came back from workers that were dropped. */
  readonly returned: number;
  /** Marbles that should be in the run by its counts, and are not. */
  readonly unaccounted: number;
}

export async function play({ members, seed, kills, deadlineMs }: Setting): Promise<Told> {
  const signal = AbortSignal.timeout(deadlineMs);
  const stage = await Stage.open();
  const bus = { redis: stage.redis, run: RUN };
  const [marble, peek] = [new Marble<Queues>(bus), new Communicator(bus)];
  try {
    const started = performance.now();
    const batch = await marble.batch('big', { then: { queue: 'done' } });
    const struck = rage(stage, batch, { moves: 2 * members, random: new Random(seed), kills, signal });
    const [killed] = await Promise.all([struck, send(batch, members / MEMBERS_OF_ONE)]);
    const progress = await batch.done({ signal });
    const seconds = (performance.now() - started) / 1000;
    const finished = async () =>
      (await peek.show()).some(({ queue, counts }) => queue === 'done' && counts.finished > 0);
    await until('then is worked on', finished);
    await stage.close();
    return { seconds, kills: killed, batch: progress, ...(await remains(peek, stage.notes)) };
  } finally {
    await Promise.allSettled([marble.close(), peek.close()]);
    await stage.stop();
  }
}

async function send(batch: Batch<Queues>, expected: number): Promise<void> {
  await batch.sendMany('a', Array(expected).keys());
  await batch.seal({ expected });
}

interface Rage {
  /** Members are sent and finished: so many steps there are. */
  readonly moves: number;
  readonly random: Random;
  readonly kills: Setting['kills'];
  readonly signal: AbortSignal;
}

/** Kills whenever the batch has come so far as was drawn. Resolves with the number of kills when it is complete. */
async function rage(
  stage: Stage,
  batch: Batch<Queues>,
  { moves, random, kills, signal }: Rage,
): Promise<Told['kills']> {
  const killed = { worker: 0, monitor: 0, redis: 0 };
  const strikes = drawn(random, kills);
  for await (const { sent, finished, done } of batch.progress({ everyMs: 10, signal })) {
    if (done) break;
    for (; strikes[0] && strikes[0].at * moves <= sent + finished; strikes.shift()) {
      await stage.kill(strikes[0].kind, random);
      killed[strikes[0].kind]++;
    }
  }
  return killed;
}

/** The last part is left out: the batch may be complete before it is looked at again. */
const LAST = 0.95;

/** When, as a share of the way, and whom: one in each of as many parts of the way as there are kills of that kind. */
function drawn(random: Random, kills: Setting['kills']): { at: number; kind: Kind }[] {
  const one = (kind: Kind, i: number) => ({ at: (LAST * (i + random.next())) / kills[kind], kind });
  const all = KINDS.flatMap((kind) => Array.from({ length: kills[kind] }, (_, i) => one(kind, i)));
  return all.sort((a, b) => a.at - b.at);
}

async function remains(
  peek: Communicator,
  notes: readonly string[],
): Promise<Pick<Told, 'then' | 'returned' | 'unaccounted'>> {
  const queues = await peek.show();
  const { due, there } = await peek.audit.take();
  const ids = notes.filter((line) => line.startsWith('then ')).map((line) => line.slice('then '.length));
  return {
    then: { sent: queues.find(({ queue }) => queue === 'done')?.counts.sent ?? 0, ids },
    returned: queues.reduce((sum, { counts }) => sum + counts.returned, 0),
    unaccounted: due - there,
  };
}
