-- What becomes of a delivery that failed or was dropped: another attempt, or a grave.

-- A grave: one line of JSON about the death, then the envelope as it was.
local function bury(queue, envelope, reason, at)
  local serial = redis.call('INCR', SERIAL)
  redis.call('ZADD', DEAD, at, serial)
  redis.call('HSET', GRAVES, serial, '{"queue":' .. cjson.encode(queue) .. ',"at":' .. string.format('%.0f', at)
    .. ',"reason":' .. reason .. '}\n' .. envelope)
  count(queue, 'dead', 1)
end

-- The envelope with its attempt raised, the attempt, and how many it may have.
local function raise(envelope, default)
  local _, stop, id, attempt = string.find(envelope, '^(%S+) (%d+)')
  if not stop then return envelope, 0, 0 end -- no envelope: never to be handed out again
  attempt = tonumber(attempt) + 1
  local header = string.sub(envelope, 1, string.find(envelope, '\n', 1, true))
  local allowed = tonumber(string.match(header, ' m=(%d+)')) or default
  return id .. ' ' .. attempt .. string.sub(envelope, stop + 1), attempt, allowed
end

-- One delivery is over and was not finished: raises its attempt, and either buries it (true) or adds it to
-- `back`, queue -> envelopes, for the front of its queue.
local function retryOrBury(queue, envelope, why, default, at, back)
  local raised, attempt, allowed = raise(envelope, default)
  if attempt >= allowed then
    why.attempts = attempt
    bury(queue, raised, cjson.encode(why), at)
    return true
  end
  local list = back[queue] or {}
  back[queue] = list
  list[#list + 1] = raised
  return false
end
