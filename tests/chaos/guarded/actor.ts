/**
 * A process of the guarded part: `actor <role> <redis> <history file>`. Does its role until it is killed or told to stop.
 */
import { Marble, isMarbleRunError } from 'marblerun';
import { endedBy, trouble } from '../ending.js';
import { Historian } from '../history.js';
import { LEASE_MS } from '../plan.js';
import { LONG_LEASE_MS, REPLICAS, REPLICAS_TIMEOUT_MS, RUN } from './plan.js';

const [role = '', redis = '', file = ''] = process.argv.slice(2);
const history = new Historian(file);
const who = `guarded ${role}`;
const wait = { replicas: REPLICAS, replicasTimeoutMs: REPLICAS_TIMEOUT_MS };
const retry = { maxAttempts: 1000, retryBaseMs: 50, retryMaxMs: 500 };
const leaseMs = Math.random() < 0.3 ? LEASE_MS : LONG_LEASE_MS;
/** Half of the processes send all of their data beside the lists. */
const largeBytes = Math.random() < 0.5 ? 10 : 0;
const bus = new Marble({ redis, run: RUN, leaseMs, largeBytes, ...retry, ...wait });
let stopping = false;

async function produce(): Promise<void> {
  for (let n = Date.now() * 1000; !stopping; n++) {
    await Promise.all(['plain', 'pool'].map((q) => send(q, `${q}.${n}`)));
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60));
  }
}

/** Only what the replica has acknowledged is promised. */
async function send(q: string, id: string): Promise<void> {
  history.write({ e: 'send', run: RUN, q, id });
  try {
    await bus.send(q, { key: id }, { id });
    history.write({ e: 'sent', run: RUN, q, id });
  } catch (error) {
    if (!isMarbleRunError(error, 'MR_TOO_FEW_REPLICAS')) throw error;
    history.write({ e: 'unsure', run: RUN, q, id });
  }
}

/** So that a failover finds marbles in hand. */
const work = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 50));

async function loop(): Promise<void> {
  while (!stopping) {
    await bus.wait('plain');
    const marble = { run: RUN, q: 'plain', id: bus.id! };
    const attempt = bus.attempt!;
    history.write({ e: 'got', ...marble, key: marble.id, attempt });
    await work();
    const chance = Math.random();
    if (chance < 0.02) continue;
    try {
      if (chance < 0.04) await bus.fail(new Error('on purpose'));
      else {
        history.write({ e: 'worked', ...marble, attempt });
        await bus.finish();
        history.write({ e: 'finished', ...marble, attempt });
      }
    } catch (error) {
      if (!isMarbleRunError(error, 'MR_LEASE_LOST')) throw error;
      history.write({ e: 'refused', ...marble, attempt });
    }
  }
}

async function pool(): Promise<void> {
  const handler = async (_: unknown, { id, attempt }: { id: string; attempt: number }) => {
    history.write({ e: 'got', run: RUN, q: 'pool', id, key: id, attempt });
    if (attempt === 1 && Math.random() < 0.05) throw new Error('on purpose');
    await work();
    history.write({ e: 'worked', run: RUN, q: 'pool', id, attempt });
  };
  const onError = (error: unknown, { id, attempt }: { id: string; attempt: number }) => {
    if (isMarbleRunError(error, 'MR_LEASE_LOST')) history.write({ e: 'refused', run: RUN, q: 'pool', id, attempt });
    else if (isMarbleRunError(error)) trouble(history, who, error);
  };
  await bus.work('pool', handler, { concurrency: 10, drainMs: 5000, onError }).done;
}

const ROLES: Record<string, () => Promise<void>> = { producer: produce, plain: loop, pool };

async function main(): Promise<void> {
  process.on('SIGTERM', () => {
    stopping = true;
    if (role !== 'producer') void bus.close();
  });
  console.log('started');
  try {
    await ROLES[role]!();
  } catch (error) {
    endedBy(error, history, who, stopping);
  }
  await bus.close();
}

await main();
