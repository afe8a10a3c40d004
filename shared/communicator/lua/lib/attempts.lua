-- What becomes of a delivery that failed or was dropped: another attempt, or a grave. Either way the envelope
-- remembers it, in a header word of its own (letter f): JSON in which spaces are written \u0020.
local MOST_FAILURES, MOST_MESSAGE_BYTES = 10, 200

-- A grave: one line of JSON about the death, then the envelope as it was. `reason` is JSON in one line.
local function bury(queue, envelope, reason, at)
  local serial = redis.call('INCR', SERIAL)
  redis.call('ZADD', DEAD, at, serial)
  redis.call('HSET', GRAVES, serial, '{"queue":' .. cjson.encode(queue) .. ',"at":' .. string.format('%.0f', at)
    .. ',"reason":' .. reason .. '}\n' .. envelope)
  count(queue, 'dead', 1)
end

-- What the header says after its attempt, with one failure more; of many, the oldest give way.
local function remember(words, attempt, at, why)
  local failure = '{"attempt":' .. attempt .. ',"at":' .. string.format('%.0f', at) .. ',"why":' .. cjson.encode(why.why)
  if why.message then failure = failure .. ',"error":' .. cjson.encode(string.sub(why.message, 1, MOST_MESSAGE_BYTES)) end
  local _, known = string.gsub(words, ' f=', ' f=')
  if known >= MOST_FAILURES then words = string.gsub(words, ' f=%S+', '', known + 1 - MOST_FAILURES) end
  return words .. ' f=' .. string.gsub(failure .. '}', ' ', '\\u0020')
end

-- The envelope with its attempt raised, the attempt, and how many it may have.
local function raise(envelope, default, at, why)
  local stop = string.find(envelope, '\n', 1, true)
  if not stop then return envelope, 0, 0 end -- no envelope: never to be handed out again
  local id, attempt, words = string.match(string.sub(envelope, 1, stop - 1), '^(%S+) (%d+)(.*)$')
  if not id then return envelope, 0, 0 end
  attempt = tonumber(attempt) + 1
  local allowed = tonumber(string.match(words, ' m=(%d+)')) or default
  return id .. ' ' .. attempt .. remember(words, attempt, at, why) .. string.sub(envelope, stop), attempt, allowed
end

-- One delivery is over and was not finished: raises its attempt, and either buries it (true) or adds it to
-- `back`, queue -> envelopes, for the front of its queue. `why`: why, holder, and of a failure error (JSON) and message.
local function retryOrBury(queue, envelope, why, default, at, back)
  local raised, attempt, allowed = raise(envelope, default, at, why)
  if attempt >= allowed then
    bury(queue, raised, '{"why":' .. cjson.encode(why.why) .. ',"holder":' .. cjson.encode(why.holder)
      .. (why.error and ',"error":' .. why.error or '') .. ',"attempts":' .. attempt .. '}', at)
    return true
  end
  local list = back[queue] or {}
  back[queue] = list
  list[#list + 1] = raised
  return false
end
