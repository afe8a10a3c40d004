/**
 * Faults put into the programs on purpose, each by itself, and who must notice (`mutants.ts`).
 */
import type { Mutant } from './mutants.js';

export const PROGRAM_MUTANTS: readonly Mutant[] = [
  {
    name: 'a give-back takes what is in the inbox unseen, and drops it',
    file: 'shared/dist/communicator/hold/holding.js',
    from: 'if (this.isInInbox)\n            await this.#swap({}); // adopts what is in the inbox: it may be among these\n        const op',
    to: 'if (this.#inbox.toAdopt)\n            await this.#swap({}); // adopts what is in the inbox: it may be among these\n        const op',
    by: ['model'],
  },
  {
    name: 'a holder that was given up waits all the same',
    file: 'shared/dist/communicator/hold/hand-over.js',
    from: '(await note) === 0',
    to: '(await note) < 0',
    by: ['model'],
  },
  {
    name: 'a swap does not end a wait whose end it does not know',
    file: 'shared/dist/communicator/hold/holding.js',
    from: 'await this.#inbox.endUnknown();\n        const inbox',
    to: 'const inbox',
    by: ['model'],
  },
  {
    name: 'what has not begun is given back in the wrong order',
    file: 'shared/dist/marble/work.js',
    from: 'b.held.seq - a.held.seq',
    to: 'a.held.seq - b.held.seq',
    by: ['tests'],
    tests: 'shared/dist/marble/unbegun',
  },
  {
    name: 'what has not begun is kept',
    file: 'shared/dist/marble/handling.js',
    from: 'const UNBEGUN_MS = 500;',
    to: 'const UNBEGUN_MS = 500_000;',
    by: ['tests'],
    tests: 'shared/dist/marble/unbegun',
  },
  {
    name: 'what has not begun is kept while the event loop is blocked',
    file: 'shared/dist/marble/relief.js',
    from: 'const BLOCKED_MS = 500;',
    to: 'const BLOCKED_MS = 500_000;',
    by: ['tests'],
    tests: 'tests/dist/blocked-loop',
  },
  {
    name: 'what a blocked worker may have given back begins all the same',
    file: 'shared/dist/communicator/hold/progress.js',
    from: 'if (seq < this.#passed)',
    to: 'if (seq < 0)',
    by: ['model'],
  },
  {
    name: 'a time limit counts what waits in hand',
    file: 'shared/dist/marble/prefetch.js',
    from: 'return this.#placesInTime;',
    to: 'return this.concurrency + this.most;',
    by: ['tests'],
    tests: 'shared/dist/marble/time-limit',
  },
  {
    name: 'a send does not wait for replicas',
    file: 'shared/dist/communicator/redis/replicas.js',
    from: 'return this.options.replicas === 0 ?',
    to: 'return this.options.replicas >= 0 ?',
    by: ['chaos'],
  },
  {
    name: 'the Monitor does not sweep',
    file: 'services/monitor/dist/run-monitor.js',
    from: 'this.communicator.recovery.sweep(this.config.maxAttempts, result)',
    to: 'Promise.resolve()',
    by: ['chaos'],
  },
  {
    name: 'a loop that takes ahead does not say so, and a crash is charged to what had not begun',
    file: 'shared/dist/communicator/hold/holding.js',
    from: "redis.hset(this.keys.holder(this.id), 'ahead', '2')",
    to: "redis.hexists(this.keys.holder(this.id), 'ahead')",
    by: ['model'],
  },
  {
    name: 'a marble that was taken ahead is lost to a wait for another queue',
    file: 'shared/dist/marble/look-ahead.js',
    from: 'if (held && !isSame)',
    to: 'if (false)',
    by: ['tests'],
    tests: 'shared/dist/marble/look-ahead',
  },
  {
    name: 'a marble that was taken ahead is kept while the loop does not wait',
    file: 'shared/dist/marble/look-ahead.js',
    from: 'const MOST_MS = 50;',
    to: 'const MOST_MS = 2_000_000_000;',
    by: ['tests'],
    tests: 'shared/dist/marble/look-ahead',
  },
];
