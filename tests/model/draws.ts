/**
 * Draws the games: how often each move comes, and what it names.
 */
import fc from 'fast-check';
import { batchDraws } from './batch-moves.js';
import { QUEUES } from './bench.js';
import { VERBS, type Move } from './moves.js';
import type { Kind } from './run-model.js';

/** The commands that the scripts of lanes use, any of which may be refused. */
const REFUSABLE = [
  'rpush',
  'ltrim',
  'lrange',
  'llen',
  'hset',
  'hincrby',
  'zrem',
  'lpush',
  'zadd',
  'incr',
  'hlen',
  'unlink',
  'persist',
  'exists',
  'set',
];

type Verb = keyof typeof VERBS;

const WEIGHTS: Partial<Record<Verb, number>> = {
  ...{
    send: 6,
    swap: 12,
    step: 6,
    block: 5,
    giveBack: 3,
    begin: 3,
    freeze: 3,
    relieve: 3,
    lift: 3,
    land: 3,
    sweep: 4,
    silence: 2,
    overtime: 3,
  },
  ...{ openBatch: 4, sealBatch: 3, settle: 2 },
  ...{ pulse: 2, cutHeart: 3, passHeart: 4, lookForGone: 8, lookForEnded: 6 },
  ...{ listen: 4 },
};

/**
 * The weights for half of the games, in which little happens that does not concern batches. Their members are few, and
 * often the last ones.
 */
const BATCH_WEIGHTS: Partial<Record<Verb, number>> = {
  ...{
    openBatch: 4,
    sealBatch: 4,
    cancelBatch: 1,
    tidyBatches: 1,
    send: 8,
    swap: 16,
    step: 4,
    giveBack: 4,
    settle: 4,
    promote: 2,
  },
  ...{ overtime: 4, sweep: 5, silence: 2, elapse: 1, expire: 1, destroy: 1, pop: 1, listen: 1 },
};

const draw = (weights: Record<string, number>): fc.Arbitrary<Move> =>
  fc.record({
    verb: fc.oneof(
      ...Object.entries(weights).map(([verb, weight]) => ({ arbitrary: fc.constant(verb as Verb), weight })),
    ),
    slot: fc.nat(2),
    queue: fc.constantFrom(...QUEUES),
    n: fc.nat(3),
    picks: fc.nat(63),
    outputs: fc.array(
      fc.record({
        kind: fc.constantFrom<Kind>('back', 'back', 'front', 'up', 'upFront', 'later'),
        queue: fc.constantFrom(...QUEUES),
        delay: fc.integer({ min: 1, max: 2 }),
        max: fc.constantFrom(undefined, undefined, 1, 2),
        large: fc.constantFrom(false, false, true),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    delay: fc.nat(2),
    flag: fc.boolean(),
    replyLost: fc.boolean(),
    batch: batchDraws,
    refused: fc.option(fc.constantFrom(...REFUSABLE), { nil: undefined, freq: 2 }),
  });
const game = (weights: Record<string, number>) => fc.array(draw(weights), { minLength: 1, maxLength: 60, size: 'max' });
const all = Object.fromEntries(Object.keys(VERBS).map((verb) => [verb, WEIGHTS[verb as Verb] ?? 1]));

export const moves: fc.Arbitrary<Move[]> = fc.oneof(game(all), game(BATCH_WEIGHTS));
