/**
 * Warns once that nobody watches the run: without a Monitor, marbles that this client holds or delays would never come
 * back. A client with metrics also counts it for as long as it lasts, since nobody else knows of a run that never had a
 * Monitor.
 *
 * All Marbles of a process on one bus share one look every ten seconds; a marble never causes one. What may go wrong:
 * Redis is away, or does not let this user look. Then nothing is said.
 */
import type { Communicator } from '../communicator/communicator.js';
import { WATCH } from '../communicator/watch/watchers.js';
import { countOfVainLooks, type ClientMetricsOptions, type Metric } from './client-metrics.js';

/** The warning comes after this many looks in a row that saw no Monitor: after 30 s. */
export const LOOKS = { everyMs: 10_000, vain: 3 };

interface Look {
  /** The clients that expect a Monitor, each with the metric that it counts with. */
  readonly clients: Map<Communicator, Metric | undefined>;
  readonly timer: NodeJS.Timeout;
  vain: number;
}

const looks = new Map<string, Look>();
/** The buses for which the warning was given. */
const told = new Set<string>();

const busOf = ({ address, run }: Communicator) => `${address} ${run}`;

/**
 * Says that this client holds or delays marbles from now on, until {@link forgetMonitor}. It is called again for each
 * delayed send, which costs nothing then.
 */
export function expectMonitor(client: Communicator, metrics: ClientMetricsOptions | undefined): void {
  const bus = busOf(client);
  const known = looks.get(bus);
  if (known?.clients.has(client)) return;
  const counter = countOfVainLooks(metrics, client.run);
  if (known) known.clients.set(client, counter);
  else if (counter || !told.has(bus)) looks.set(bus, begin(bus, client, counter));
}

export function forgetMonitor(client: Communicator): void {
  const bus = busOf(client);
  const look = looks.get(bus);
  if (look?.clients.delete(client) && look.clients.size === 0) end(bus, look);
}

function begin(bus: string, client: Communicator, counter: Metric | undefined): Look {
  const timer = setInterval(() => void check(bus, look), LOOKS.everyMs);
  timer.unref();
  const look: Look = { clients: new Map([[client, counter]]), timer, vain: 0 };
  return look;
}

function end(bus: string, look: Look): void {
  clearInterval(look.timer);
  looks.delete(bus);
}

async function check(bus: string, look: Look): Promise<void> {
  const client = [...look.clients.keys()].find(({ state }) => state === 'ready');
  if (!client) return;
  try {
    const monitors = await client.watchers.list();
    look.vain = monitors.some(({ silentMs }) => silentMs < WATCH.patienceMs) ? 0 : look.vain + 1;
  } catch {
    look.vain = 0; // Redis is away: those who work with it report that
  }
  if (look.vain < LOOKS.vain) return;
  const counters = new Set([...look.clients.values()].filter((counter) => counter !== undefined));
  for (const counter of counters) counter.inc({ run: client.run }, 1);
  if (counters.size === 0) end(bus, look);
  if (!told.has(bus)) warn(bus, client);
}

function warn(bus: string, client: Communicator): void {
  told.add(bus);
  process.emitWarning(
    `no Monitor has watched the run "${client.run}" at ${client.address} for ${(LOOKS.vain * LOOKS.everyMs) / 1000} s: ` +
      'retries, delayed marbles and the marbles of crashed workers wait until there is one; ' +
      `start one with MARBLERUN_RUN=${client.run} npx @marblerun/monitor, or see docs/OPERATIONS.md`,
    { type: 'MarbleRunWarning', code: 'MR_NO_MONITOR' },
  );
}
