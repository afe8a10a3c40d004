/**
 * Faults put into how a process is missed by its connection, each by itself, and who must notice (`mutants.ts`).
 */
import { lua } from './mutant-files.js';
import type { Mutant } from './mutants.js';

export const GONE_MUTANTS: readonly Mutant[] = [
  {
    name: 'gone: a connection that another server knew is missed on this one',
    file: lua('gone'),
    from: 'if is.server ~= server then',
    to: 'if false then',
    by: ['model', 'tests'],
    tests: 'tests/dist/gone',
  },
  {
    name: 'gone: a connection has no time to come back',
    file: lua('gone'),
    from: 'if is.lookedAt > 0 then',
    to: 'is.gone = is.goneMs\n  if false then',
    by: ['model', 'tests'],
    tests: 'tests/dist/gone',
  },
  {
    name: 'gone: time in which nobody looked counts as a whole',
    file: lua('gone'),
    from: 'math.min(math.max(0, at - is.lookedAt), is.goneMs / 2)',
    to: 'math.max(0, at - is.lookedAt)',
    by: ['model'],
  },
  {
    name: 'gone: one that is there again is missed on',
    file: lua('gone'),
    from: 'is.server, is.gone, is.lookedAt = server, 0, 0',
    to: 'is.server = server',
    by: ['tests'],
    tests: 'shared/dist/communicator/watch/hearts',
  },
  {
    name: 'gone: a beat by a new connection does not end that the old one is missed',
    file: lua('pulse'),
    from: 'gone = 0, lookedAt = 0,',
    to: 'gone = before and before.gone or 0, lookedAt = before and before.lookedAt or 0,',
    by: ['model'],
  },
  {
    name: 'gone: a new connection counts as seen before a Monitor has seen it',
    file: lua('pulse'),
    from: "isSame and before.server or '-'",
    to: "before and before.server or '-'",
    by: ['model'],
  },
  {
    name: 'gone: leases end without a second look whether it has come back',
    file: lua('lapse'),
    from: 'over[heart] = isOver(readHeart(HEARTS, heart), server)',
    to: 'over[heart] = true',
    by: ['model'],
  },
  {
    name: 'gone: leases of others end too',
    file: lua('lib/hearts'),
    from: 'is.gone >= is.goneMs',
    to: 'is.gone >= 0',
    by: ['model'],
  },
  {
    name: 'gone: a heart that was cut waits for its next beat',
    file: 'shared/dist/marble/beater.js',
    from: 'this.#isCut = true;\n            this.#beatAtOnce();',
    to: '',
    by: ['tests'],
    tests: 'shared/dist/marble/heart.test',
  },
  {
    name: 'gone: one that ends in order is missed',
    file: 'shared/dist/marble/holder-session.js',
    from: 'if (heart && leaveHeart(heart))',
    to: 'if (heart && leaveHeart(heart) && false)',
    by: ['tests'],
    tests: 'shared/dist/marble/heart.test',
  },
  {
    name: 'gone: the Monitor does not look who is connected',
    file: 'services/monitor/dist/run-monitor.js',
    from: 'await this.connections.look()',
    to: '{ lapsed: 0, nextInMs: undefined }',
    by: ['tests'],
    tests: 'tests/dist/gone',
  },
];
