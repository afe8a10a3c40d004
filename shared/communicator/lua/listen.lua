-- purpose: looks at queues before BZPOPMIN waits for their wake-ups, so that nothing is missed that lies in them: a
--   queue with marbles has a wake-up afterwards, and one without has none. Notes that they are watched, so that whoever
--   pushes wakes. Without such a note (keepMs 0) the script passes a wake-up on, or issues lost ones again, and forgets
--   queues that nobody watches any more.
-- KEYS: WATCHED; then the list of each queue, then the wake-up of each
-- ARGV: keepMs: how long they are noted as watched (0: they are not noted); then queues, up to 1,000
-- returns: how many of these wake-ups were put now
-- include clock args
local WATCHED = KEYS[1]
local keepMs = ARGV[1]
keysRead, argsRead = 1, 1
local at, queues = now(), #ARGV - argsRead
local names, lists, wakeUps = nextPlace(queues), nextKeys(queues), nextKeys(queues)
keepMs = tonumber(keepMs)

-- Renews notes of which less than half is left. Returns the places of queues whose notes are over.
local function note()
  local ends, fresh, over = redis.call('HMGET', WATCHED, unpack(ARGV, names + 1)), {}, {}
  for i = 1, queues do
    local left = (tonumber(ends[i]) or 0) - at
    if keepMs == 0 then
      over[i] = left <= 0 or nil
    elseif left < keepMs / 2 then
      fresh[#fresh + 1] = ARGV[names + i]
      fresh[#fresh + 1] = string.format('%.0f', at + keepMs)
    end
  end
  if #fresh > 0 then redis.call('HSET', WATCHED, unpack(fresh)) end
  return over
end
local over, put = note(), 0

-- Mostly all are empty.
if queues > 1 and redis.call('EXISTS', unpack(KEYS, lists + 1, lists + queues)) == 0 then
  redis.call('DEL', unpack(KEYS, wakeUps + 1))
else
  for i = 1, queues do
    if not over[i] and redis.call('EXISTS', KEYS[lists + i]) == 1 then
      put = put + redis.call('ZADD', KEYS[wakeUps + i], 0, ARGV[names + i])
    else
      redis.call('DEL', KEYS[wakeUps + i])
    end
  end
end
for i in pairs(over) do redis.call('HDEL', WATCHED, ARGV[names + i]) end
return put
