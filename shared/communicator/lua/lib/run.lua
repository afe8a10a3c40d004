-- The base of every script that moves marbles: the keys of the run, counting, pushing, the dead.
local COUNTS, QUEUES, OUTBOXES, LATER, DEAD, LETTERS, SERIAL = unpack(KEYS, 1, 7)
local batches -- set by lib/batches; nil in a script that has nothing to do with members

local function count(queue, event, n)
  redis.call('HINCRBY', COUNTS, queue .. ' ' .. event, n)
end

-- Writes a letter: one line of JSON about the death, then the envelope as it was. `reason` is JSON in one line.
local function addLetter(queue, envelope, reason, at)
  local serial = redis.call('INCR', SERIAL)
  if batches then batches.died(envelope, serial) end
  redis.call('HSET', LETTERS, serial, '{"queue":' .. cjson.encode(queue) .. ',"at":' .. string.format('%.0f', at)
    .. ',"reason":' .. reason .. '}\n' .. envelope)
  redis.call('ZADD', DEAD, at, serial)
  count(queue, 'dead', 1)
end

-- Marbles that cannot lie in their queue, because its key holds something else, go to the dead. They must neither be
-- lost nor stop the others.
local NO_LIST = '{"why":"no queue","error":{"message":"the key of this queue holds something other than a list"}}'
local function addLetters(queue, envelopes, from, to, at)
  for i = from, to do addLetter(queue, envelopes[i], NO_LIST, at) end
  redis.call('ZADD', QUEUES, at, queue) -- so that its counts are shown
end

-- Pushes values[from] to values[to]. Long lists go in pieces, because unpack() has a limit of some 8,000 values.
-- Returns the length of the list, or nothing where the key holds something else.
local function pushAll(side, key, values, from, to)
  local length
  for first = from, to, 5000 do
    local last = math.min(first + 4999, to)
    if side == 'back' then
      length = redis.pcall('LPUSH', key, unpack(values, first, last))
    else
      length = redis.pcall('RPUSH', key, unpack(values, first, last))
    end
    if type(length) == 'table' then
      if string.find(length.err, 'WRONGTYPE', 1, true) then return nil end
      error(length)
    end
  end
  return length
end

-- A queue is noted in the registry when it stops being empty: one command per awakening, not per send.
local function pushBack(queue, key, registry, at, envelopes, from, to)
  from, to = from or 1, to or #envelopes
  local length = pushAll('back', key, envelopes, from, to)
  if not length then
    addLetters(queue, envelopes, from, to, at)
  elseif length == to - from + 1 then
    redis.call('ZADD', registry, at, queue)
  end
end

-- Pushes to the front. In `lastFirst`, the envelope to be taken first comes last.
local function pushFront(queue, key, lastFirst, at)
  local length = pushAll('front', key, lastFirst, 1, #lastFirst)
  if not length then
    addLetters(queue, lastFirst, 1, #lastFirst, at)
  elseif length == #lastFirst then
    redis.call('ZADD', QUEUES, at, queue)
  end
end

-- The serial keeps two equal marbles apart (members of a sorted set are unique). It also keeps those due at once in
-- order.
local function pushLater(queue, side, envelope, due)
  local serial = string.format('%015d', redis.call('INCR', SERIAL))
  redis.call('ZADD', LATER, due, serial .. ' ' .. side .. ' ' .. queue .. ' ' .. envelope)
end
