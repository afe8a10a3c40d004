/**
 * Faults put into what keeps large data beside the lists, each by itself, and who must notice (`mutants.ts`).
 */
import { lua } from './mutant-files.js';
import type { Mutant } from './mutants.js';

const OF_DATA_AHEAD = 'shared/dist/communicator/send/data-ahead';

export const LARGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'large data: a finish forgets to delete them',
    file: lua('lib/large'),
    from: "if #keys > 0 then redis.call('UNLINK', unpack(keys)) end",
    to: '',
    by: ['model', 'chaos'],
  },
  {
    name: 'large data: a finish that is refused deletes them',
    file: lua('lib/large'),
    from: 'if not (refused and refused[tonumber(ARGV[overSeqs + i])]) then',
    to: 'if true then',
    by: ['model'],
  },
  {
    name: 'large data: nothing makes them last',
    file: lua('lib/large'),
    from: "if key then redis.call('PERSIST', key) end",
    to: '',
    by: ['model'],
  },
  {
    name: 'large data: what is to be sent is not looked for',
    file: lua('lib/large'),
    from: "if redis.call('EXISTS', key) == 0 then return false end",
    to: '',
    by: ['tests'],
    tests: 'shared/dist/communicator/data/large-data',
  },
  {
    name: 'large data: a command that is asked again sets them anew',
    file: 'shared/dist/communicator/data/set-data.js',
    from: "['EX', String(UNSENT_SECONDS), 'NX']",
    to: "['EX', String(UNSENT_SECONDS)]",
    by: ['model'],
  },
  {
    name: 'large data: they are deleted with a give-back of a marble that lives on',
    file: lua('giveback'),
    from: "    count(queue, 'finished', 1)\n    over[#over + 1] = dataKey\n",
    to: "    count(queue, 'finished', 1)\n  end\n  over[#over + 1] = dataKey\n  if dropped then\n",
    by: ['model'],
  },
  {
    name: 'large data: a member that is dropped leaves them behind',
    file: lua('giveback'),
    from: '    over[#over + 1] = dataKey\n',
    to: '',
    by: ['tests'],
    tests: 'shared/dist/communicator/data/large-data',
  },
  {
    name: 'large data: a marble is a dead letter though they are there',
    file: lua('giveback'),
    from: "redis.call('TYPE', dataKey).ok ~= 'string'",
    to: 'true',
    by: ['tests'],
    tests: 'shared/dist/communicator/data/large-data',
  },
  {
    name: 'large data: a dead letter that is put back loses them',
    file: lua('settle'),
    from: `    if not requeue and #unknownData({ envelope }) > 0 then
      unknown = lacking(envelope)
      break
    end
    if requeue then
      putBack(queue, envelope)
    else
      count(queue or '-', 'deleted', 1)
      over[#over + 1] = envelope
    end`,
    to: `    if #unknownData({ envelope }) > 0 then
      unknown = lacking(envelope)
      break
    end
    if requeue then
      putBack(queue, envelope)
    else
      count(queue or '-', 'deleted', 1)
    end
    over[#over + 1] = envelope`,
    by: ['model'],
  },
  {
    name: 'large data: a dead letter that is removed leaves them behind',
    file: lua('settle'),
    from: '      over[#over + 1] = envelope\n',
    to: '',
    by: ['model'],
  },
  {
    name: 'large data: the retention of the dead leaves them behind',
    file: lua('expire'),
    from: 'deleteData(envelopes)\n',
    to: '',
    by: ['model'],
  },
  {
    name: 'large data: a queue that is destroyed leaves them behind',
    file: lua('destroy'),
    from: '  deleteData(members)\n',
    to: '',
    by: ['model'],
  },
  {
    name: 'large data: delayed members of a cancelled batch leave them behind',
    file: lua('discard'),
    from: 'deleteData(envelopes)\n',
    to: '',
    by: ['model'],
  },
  {
    name: 'large data: a marble that is taken for good leaves them behind',
    file: 'shared/dist/communicator/send/popper.js',
    from: 'await this.parts.largeData.remove(',
    to: 'await Promise.resolve(',
    by: ['model'],
  },
  {
    name: 'large data: a lane lands without making them last',
    file: lua('land'),
    from: "for i = keysRead + 1, #KEYS do redis.call('PERSIST', KEYS[i]) end\n",
    to: '',
    by: ['model'],
  },
  {
    name: 'large data: a lane does not bring them',
    file: 'shared/dist/communicator/lane/lane.js',
    from: 'data: await this.largeData.read(large)',
    to: 'data: undefined',
    by: ['model', 'chaos'],
  },
  {
    name: 'large data: a transit that has arrived leaves them behind',
    file: lua('lift'),
    from: "for i = keysRead + 1, #KEYS do redis.call('UNLINK', KEYS[i]) end",
    to: '',
    by: ['model'],
  },
  {
    name: 'large data: a lane makes them last before it knows that it may push',
    file: lua('land'),
    from: '(toFront or keysRead < #KEYS) and',
    to: 'toFront and',
    by: ['tests'],
    tests: 'shared/dist/communicator/lane',
  },
  {
    name: 'large data: a value is taken before all of it has come',
    file: 'shared/dist/communicator/redis/replies.js',
    from: 'if (there.length < to + 2) {',
    to: 'if (there.length < to - 1) {',
    by: ['tests'],
    tests: 'shared/dist/communicator/redis/replies',
  },
  {
    name: "large data: a value is taken for another's",
    file: 'shared/dist/communicator/redis/data-socket.js',
    from: 'this.#asked.shift()',
    to: 'this.#asked.pop()',
    by: ['tests'],
    tests: 'shared/dist/communicator/redis/data-socket',
  },
  {
    name: 'large data: those that were on their way at a cut are taken for missing',
    file: 'shared/dist/communicator/redis/data-socket.js',
    from: `for (const { reject } of [...this.#asked.splice(0), ...this.#waiting.splice(0)])
            reject(error);`,
    to: `for (const { resolve } of [...this.#asked.splice(0), ...this.#waiting.splice(0)])
            resolve(undefined);`,
    by: ['tests'],
    tests: 'shared/dist/communicator/redis/data-socket',
  },
  {
    name: "large data: bytes that are kept are the next value's",
    file: 'shared/dist/communicator/hold/load-held.js',
    from: "envelope.type === 'j' ? bytes : Buffer.from(bytes)",
    to: 'bytes',
    by: ['tests'],
    tests: 'shared/dist/communicator/hold/load-held',
  },
  {
    name: 'large data: a marble whose data are missing is tried again',
    file: lua('giveback'),
    from: "elseif verdict == 'missing' and dataKey and",
    to: "elseif verdict == 'missing' and not dataKey and",
    by: ['model'],
  },
  {
    name: 'large data: one search that misses their marble is enough',
    file: 'shared/dist/communicator/watch/large-data-search.js',
    from: 'this.#missed.has(name)',
    to: 'true',
    by: ['model'],
  },
  {
    name: 'large data: a search does not look among the dead',
    file: 'shared/dist/communicator/watch/large-data-search.js',
    from: 'yield* [...transits, this.keys.letters];',
    to: 'yield* transits;',
    by: ['model'],
  },
  {
    name: 'large data: what was set ahead, and is gone, is not set again',
    file: 'shared/dist/communicator/data/large-data.js',
    from: 'tries === 1 ? (place.unset ?? place.large) : place.large',
    to: '(place.unset ?? place.large)',
    by: ['tests'],
    tests: OF_DATA_AHEAD,
  },
  {
    name: 'large data: what does not fill a write counts as set ahead',
    file: 'shared/dist/communicator/send/data-ahead.js',
    from: 'if (large.isAhead)\n                this.#aheadBytes -= large.bytes;',
    to: 'if (true)\n                this.#aheadBytes -= large.bytes;',
    by: ['tests'],
    tests: OF_DATA_AHEAD,
  },
  {
    name: 'large data: more of them are set ahead than a command takes',
    file: 'shared/dist/communicator/send/data-ahead.js',
    from: 'if (this.#aheadBytes >= MOST_BYTES) {',
    to: 'if (false) {',
    by: ['tests'],
    tests: OF_DATA_AHEAD,
  },
];
