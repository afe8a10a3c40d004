/**
 * Reads all that there is of batches in a run at one moment: one script that reads everything, for tests alone.
 */
import type { Redis } from 'ioredis';
import { keysOf, readAbout } from '@marblerun/internal';
import { add, type BatchSeen, type BatchesSeen } from './recount.js';

const LOOK = `
local BATCHES, BATCHDEAD, CHILDREN, CANCELLED, BATCHENDS, COUNTS, LATER, LETTERS = unpack(KEYS)
local all, queues, inboxes, helds = unpack(ARGV)
local function note(found, marble, from)
  local stop = string.find(marble, '\\n', from, true)
  local id = stop and string.match(string.sub(marble, from, stop), ' B=(%S+)')
  if id then found[id] = (found[id] or 0) + 1 end
end
local function flat(found)
  local list = {}
  for id, n in pairs(found) do
    list[#list + 1] = id
    list[#list + 1] = n
  end
  return list
end
local function begins(key, with) return string.sub(key, 1, #with) == with end

local alive, letters = {}, {}
for _, key in ipairs(redis.call('KEYS', all)) do
  local kind = redis.call('TYPE', key).ok
  local marbles = kind == 'list' and (begins(key, queues) or begins(key, inboxes)) and redis.call('LRANGE', key, 0, -1)
    or kind == 'hash' and begins(key, helds) and redis.call('HVALS', key) or {}
  for _, marble in ipairs(marbles) do note(alive, marble, 1) end
end
for _, marble in ipairs(redis.call('ZRANGE', LATER, 0, -1)) do note(alive, marble, 1) end
for _, letter in ipairs(redis.call('HVALS', LETTERS)) do
  note(letters, letter, (string.find(letter, '\\n', 1, true) or 0) + 1)
end
return { redis.call('HGETALL', BATCHES), redis.call('HGETALL', COUNTS), flat(alive), flat(letters),
  redis.call('ZRANGE', BATCHDEAD, 0, -1), redis.call('ZRANGE', CHILDREN, 0, -1), redis.call('ZRANGE', CANCELLED, 0, -1),
  redis.call('ZRANGE', BATCHENDS, '+inf', '+inf', 'BYSCORE') }
`;

type Flat = readonly (string | number)[];

export async function lookAtBatches(redis: Redis, run: string): Promise<BatchesSeen> {
  const keys = keysOf(run);
  const { batches, batchdead, children, cancelled, batchends, counts, later, letters } = keys;
  const names = [batches, batchdead, children, cancelled, batchends, counts, later, letters];
  const [held, inbox] = keys.traces as [string, string];
  const args = [`${keys.prefix}*`, keys.queue(''), inbox, held];
  const reply = (await redis.call('EVAL_RO', LOOK, names.length, ...names, ...args)) as [
    ...[fields: string[], counts: Flat, alive: Flat, letters: Flat],
    ...[dead: string[], children: string[], cancelled: string[], open: string[]],
  ];
  const listedDead = new Map<string, number>();
  for (const member of reply[4]) add(listedDead, member.split(' ')[0]!, 1);
  return {
    batches: readBatches(reply[0]),
    counts: numbers(reply[1]),
    alive: numbers(reply[2]),
    letters: numbers(reply[3]),
    listedDead,
    children: reply[5],
    cancelled: reply[6],
    open: reply[7],
  };
}

function readBatches(flat: readonly string[]): BatchSeen[] {
  const fields = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i]!, flat[i + 1]!);
  return [...fields].flatMap(([name, id]) => (name.startsWith('!') ? [readBatch(id, fields)] : []));
}

function readBatch(id: string, fields: ReadonlyMap<string, string>): BatchSeen {
  const n = (what: string) => Number(fields.get(`${id} ${what}`) ?? 0);
  const has = (what: string) => fields.has(`${id} ${what}`);
  const about = readAbout(fields.get(`${id} about`)!);
  return {
    ...{ id, name: about.name, onDead: about.onDead, maxDead: about.maxDead },
    ...{ then: about.then?.queue, parent: fields.get(`${id} parent`) },
    ...{ left: n('left'), sent: n('sent'), dead: n('dead'), gone: n('gone'), dropped: n('cancelled') },
    ...{
      surplus: n('surplus'),
      sealed: has('sealed'),
      cancelled: has('cancel'),
      done: has('done'),
      fired: has('fired'),
    },
  };
}

function numbers(flat: Flat): Map<string, number> {
  const found = new Map<string, number>();
  for (let i = 0; i < flat.length; i += 2) found.set(String(flat[i]), Number(flat[i + 1]));
  return found;
}
