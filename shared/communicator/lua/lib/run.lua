-- What every script that moves marbles stands on: the keys of the run, pushing, counting.
local COUNTS, QUEUES, OUTBOXES = KEYS[1], KEYS[2], KEYS[3]
local LATER, DEAD, GRAVES, SERIAL = KEYS[4], KEYS[5], KEYS[6], KEYS[7]

local function count(queue, event, n)
  redis.call('HINCRBY', COUNTS, queue .. ' ' .. event, n)
end

-- unpack() has a limit of some 8,000 values, so long lists go in pieces. From values[from] to values[to].
local function pushAll(command, key, values, from, to)
  local length = 0
  for first = from, to, 5000 do
    length = redis.call(command, key, unpack(values, first, math.min(first + 4999, to)))
  end
  return length
end

-- A queue is noted in the registry when it stops being empty: one command per awakening, not per send.
local function pushBack(queue, key, registry, at, envelopes, from, to)
  from, to = from or 1, to or #envelopes
  if pushAll('LPUSH', key, envelopes, from, to) == to - from + 1 then redis.call('ZADD', registry, at, queue) end
end

-- `lastFirst`: the envelope to be taken first comes last.
local function pushFront(queue, key, lastFirst, at)
  if pushAll('RPUSH', key, lastFirst, 1, #lastFirst) == #lastFirst then redis.call('ZADD', QUEUES, at, queue) end
end

-- The serial keeps two equal marbles apart (members of a sorted set are unique), and those due at once in order.
local function pushLater(queue, side, envelope, due)
  local serial = string.format('%015d', redis.call('INCR', SERIAL))
  redis.call('ZADD', LATER, due, serial .. ' ' .. side .. ' ' .. queue .. ' ' .. envelope)
end

-- Queue name -> key, from `n` names after ARGV[names] and as many keys after KEYS[lists].
local function linesByQueue(names, lists, n)
  local keys = {}
  for i = 1, n do keys[ARGV[names + i]] = KEYS[lists + i] end
  return keys
end
