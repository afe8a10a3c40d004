-- The base of every script that moves marbles: the keys of the run, counting, the delayed, the dead.
local COUNTS, QUEUES, OUTBOXES, LATER, DEAD, LETTERS, SERIAL = unpack(KEYS, 1, 7)
local batches -- set by lib/batches; nil in a script that has nothing to do with members
local large -- set by lib/large; nil in a command that sends and finishes no marble with large data

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

-- The serial keeps two equal marbles apart (members of a sorted set are unique). It also keeps those due at once in
-- order.
local function pushLater(queue, side, envelope, due)
  local serial = string.format('%015d', redis.call('INCR', SERIAL))
  redis.call('ZADD', LATER, due, serial .. ' ' .. side .. ' ' .. queue .. ' ' .. envelope)
end
