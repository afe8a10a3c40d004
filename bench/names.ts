/** The names of rows that targets speak of, and of those who take part in them. */

export const SEND_ONE_CORE = 'send one by one, awaited, one core';
export const SEND_TWO_CORES = 'send one by one, awaited, two cores';
export const SEND_50 = 'send 50 at a time, awaited, two cores';
export const SEND_50_LONGER = 'send 50 at a time, 5 kB, awaited, two cores';
export const SEND_1000 = 'send 1,000 at a time';
export const LOOP_WARM = 'loop, one at a time, warm, two cores';
export const LOOP_WARM_ONE_CORE = 'loop, one at a time, warm, one core';
export const LOOP_COLD = 'loop, one at a time, cold, two cores';
export const CONSUME_1 = 'consume, concurrency 1';
export const CONSUME_50 = 'consume, concurrency 50';
export const CONSUME_500 = 'consume, concurrency 500';
export const CONSUME_4 = 'consume, 4 processes';
export const IN_BATCHES = 'consume, concurrency 50, members of batches';
export const ROUTE_ALONE = 'route three, one at a time, two cores';
export const ROUTE_MANY = 'route three, concurrency 50';
/** Handlers that send three marbles with each finish. */
export const ROUTING: readonly string[] = [
  'MarbleRun, routing three',
  'MarbleRun, routing three to one queue',
  'MarbleRun, in a batch, routing three',
];
export const FLOW = 'sent and handled at once';
export const LATENCY_IDLE = 'latency, idle, two cores';
export const LATENCY_OWN = 'latency, half of its own load';
export const LATENCY_BULLMQ = "latency, half of BullMQ's load";
export const HEARTBEAT = 'heartbeats, four processes at full load';
export const BEHIND_WAITING = '100 fast ones behind one that waits for 3 s';
export const BEHIND_COMPUTING = '100 fast ones behind one that computes for 3 s';
export const ELEVATE_NEAR = 'elevate, no round trip';
export const ELEVATE_FAR_MS = 50;
export const ELEVATE_FAR = `elevate, ${ELEVATE_FAR_MS} ms of round trip`;
/** Half of them send, half of them work. */
export const PROCESSES = [2, 4, 8] as const;
export const oneRunRow = (processes: number): string => `scale out, one run on ${processes} processes`;
export const MASTERS = 3;
export const RUNS_ONE_SERVER = `scale out, ${MASTERS} runs on one server`;
export const RUNS_SEVERAL = `scale out, ${MASTERS} runs on ${MASTERS} servers`;
export const RUNS_CLUSTER = `scale out, ${MASTERS} runs on a Cluster of ${MASTERS}`;
/** Round trips of links, in ms. */
export const ROUND_TRIPS_MS = [2, 20, 100] as const;
/** Forms that are measured over links, and the marbles that each carries in a round trip. */
export const PER_TRIP = { loop: 1, handled: 500, sent: 500 } as const;
export type Far = keyof typeof PER_TRIP;
const FAR_NAMES: Record<Far, string> = {
  loop: 'the loop',
  handled: 'handler, concurrency 500',
  sent: 'sendMany',
};
export const linkRow = (roundTripMs: number, form: Far): string => `link of ${roundTripMs} ms, ${FAR_NAMES[form]}`;
export const MONITOR_EMPTY = 'a Monitor, of an empty run';
export const MONITOR_HOLDERS = 'a Monitor, of 1,000 idle holders';
export const MONITOR_QUEUES = 'a Monitor, of 1,000 queues';
export const IDLE = 10_000;
export const QUEUES = 100;
/** The queues of a worker of a hundred whose latency is measured. */
export const PLACES = ['1st', '2nd', '10th', '100th'] as const;
export const queueRow = (place: string): string => `many queues, latency of the ${place} of ${QUEUES}`;
export const IDLE_QUEUES = `a worker of ${QUEUES} queues, all empty`;
export const SAFETIES = ['appendfsync everysec', 'appendfsync always', 'a replica', 'TLS'] as const;

/**
 * Sizes of large data, and how many marbles of each are measured: so many that the first quarter of a second, in which
 * code is compiled and the heartbeat's thread starts, does not decide.
 */
export const LARGE = [
  { size: '10 kB', bytes: 10_000, marbles: 24_000 },
  { size: '100 kB', bytes: 100_000, marbles: 5000 },
  { size: '500 kB', bytes: 500_000, marbles: 1000 },
] as const;
export const largeSent = (size: string): string => `large data, ${size}, sent 50 at a time`;
export const largeHandled = (size: string): string => `large data, ${size}, concurrency 50`;

export const OURS = 'MarbleRun';
/** Queues on Redis for Node.js. */
export const PEERS: readonly string[] = ['BullMQ', 'bee-queue', 'groupmq'];
export const LOOP_PEERS: readonly string[] = ['BullMQ', 'BullMQ, loop', 'bee-queue'];
/** Queues for JavaScript that bring another store. */
export const OTHER_STORES: readonly string[] = ['bunqueue', 'graphile-worker'];
/** Servers that are queues themselves. */
export const BROKERS: readonly string[] = ['beanstalkd', 'NATS JetStream'];
export const LOOP_OTHERS: readonly string[] = [
  'bunqueue',
  'graphile-worker, loop',
  'beanstalkd',
  'NATS JetStream, loop',
];
