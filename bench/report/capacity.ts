/**
 * Computes how many marbles per second fit on so many cores, so many masters, or over so long a link, from the CPU of a
 * marble and from round trips. docs/SCALING.md tells what is assumed.
 */

/** The CPU of a marble from send to finish, in µs. */
export interface Costs {
  readonly redisUs: number;
  readonly nodeUs: number;
}

/** A Redis carries out commands on one core. */
const mostOfRedis = ({ redisUs }: Costs): number => 1e6 / redisUs;

/** Marbles per second of as many runs, each on a Redis of its own, as keep all cores of a machine busy. */
export function manyRuns({ redisUs, nodeUs }: Costs, cores: number, handlerUs: number): number {
  return (cores * 1e6) / (redisUs + nodeUs + handlerUs);
}

/** Marbles per second of one run on one machine: bound by all of its cores, and by the one of its Redis. */
export function oneRun(costs: Costs, cores: number, handlerUs: number): number {
  return Math.min(mostOfRedis(costs), manyRuns(costs, cores, handlerUs));
}

/** The Redis servers that so many marbles per second keep busy. */
export const serversFor = (perSecond: number, costs: Costs): number => Math.ceil(perSecond / mostOfRedis(costs));

/** The cores that senders, workers and handlers need beside Redis. */
export const clientCores = (perSecond: number, { nodeUs }: Costs, handlerUs: number): number =>
  Math.ceil((perSecond * (nodeUs + handlerUs)) / 1e6);

/** Marbles per second of as many runs as a Cluster has masters, while none has more to do than its core can. */
export const cluster = (costs: Costs, masters: number): number => masters * mostOfRedis(costs);

/**
 * Marbles per second of one client that has one command under way, with so many marbles in it. `nearPerSecond` is what
 * it reaches without a link.
 */
export function overLink(perTrip: number, roundTripMs: number, nearPerSecond: number): number {
  return perTrip / (roundTripMs / 1000 + perTrip / nearPerSecond);
}
