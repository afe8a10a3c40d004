/**
 * Targets for the forms that a user begins with: the loop, the awaited send, large data, the handler, many queues. Most
 * are beside the best peer of the same row.
 */
import {
  BROKERS,
  CONSUME_50,
  LARGE,
  LOOP_COLD,
  LOOP_PEERS,
  LOOP_WARM,
  OTHER_STORES,
  OURS,
  PEERS,
  PLACES,
  SEND_50,
  SEND_ONE_CORE,
  SEND_TWO_CORES,
  largeHandled,
  largeSent,
  queueRow,
} from '../names.js';
import { most, type Target } from './target.js';

interface Faster {
  readonly what: string;
  readonly row: string;
  readonly wanted: number;
  readonly ours?: string;
  readonly peers?: readonly string[];
}

/** Marbles in a second, beside the fastest of some peers. */
const faster = ({ what, row, wanted, ours = OURS, peers = PEERS }: Faster): Target => ({
  what: `${what}, marbles/s, × ${peers.length === 1 ? peers[0]! : 'the best peer'}`,
  wanted,
  bound: 'least',
  measured: (results) => results.median(row, ours, 'perSecond') / most(results, row, peers, 'perSecond'),
});

const PLAIN = 'floor, a plain GET';
/** The CPU of Redis, beside that of the plain command for the same data. */
const besidePlain = (row: string, command: string): Target => ({
  what: `${row}: Redis CPU, × a plain ${command}`,
  wanted: 1.2,
  bound: 'most',
  measured: (results) => results.median(row, OURS, 'serverCpuUs') / results.median(row, PLAIN, 'serverCpuUs'),
});

const LOOP = 'MarbleRun, loop';
const loop = { ours: LOOP, peers: LOOP_PEERS };
const SCRIPT = 'floor, the script of a send';
const LARGE_WANTED = { '10 kB': 1.5, '100 kB': 1.2, '500 kB': 1 } as const;

export const SIMPLE_FORMS: readonly Target[] = [
  faster({ what: 'the loop, warm, two cores', row: LOOP_WARM, wanted: 1.6, ...loop }),
  faster({ what: 'the loop, cold, two cores', row: LOOP_COLD, wanted: 1.4, ...loop }),
  {
    what: 'the loop, warm, two cores: Node CPU of a marble, µs',
    wanted: 90,
    bound: 'most',
    measured: (results) => results.median(LOOP_WARM, LOOP, 'nodeCpuUs'),
  },
  {
    what: 'the loop, warm, two cores: Redis in a call of a script, µs',
    wanted: 10,
    bound: 'most',
    measured: (results) => results.median(LOOP_WARM, LOOP, 'scriptUs') / results.median(LOOP_WARM, LOOP, 'scripts'),
  },
  ...[SEND_TWO_CORES, SEND_ONE_CORE].flatMap((row): Target[] => [
    faster({ what: row, row, wanted: 0.95 }),
    {
      what: `${row}: Node CPU over raw ioredis with the same script, µs`,
      wanted: 5,
      bound: 'most',
      measured: (results) => results.median(row, OURS, 'nodeCpuUs') - results.median(row, SCRIPT, 'nodeCpuUs'),
    },
  ]),
  faster({ what: SEND_50, row: SEND_50, wanted: 2, peers: ['bee-queue'] }),
  faster({ what: SEND_50, row: SEND_50, wanted: 5, peers: ['BullMQ'] }),
  ...LARGE.map(({ size }) => faster({ what: largeHandled(size), row: largeHandled(size), wanted: LARGE_WANTED[size] })),
  ...LARGE.filter(({ bytes }) => bytes >= 100_000).flatMap(({ size }) => [
    besidePlain(largeSent(size), 'SET'),
    besidePlain(largeHandled(size), 'GET'),
  ]),
  faster({ what: CONSUME_50, row: CONSUME_50, wanted: 5, peers: [...PEERS, ...OTHER_STORES] }),
  ...BROKERS.map((broker) => faster({ what: CONSUME_50, row: CONSUME_50, wanted: 1, peers: [broker] })),
  ...PLACES.slice(1).map((place): Target => ({
    what: `${queueRow(place)}: p50, × that of the ${PLACES[0]}`,
    wanted: 2,
    bound: 'most',
    measured: (results) =>
      results.median(queueRow(place), OURS, 'p50Us') / results.median(queueRow(PLACES[0]), OURS, 'p50Us'),
  })),
];
