-- purpose: makes delayed marbles due earlier after Redis's clock has gone back. Those that were dated by the old
--   clock move by as much as the clock did. The script takes steps bounded by number and bytes, in the order of the
--   dates, so that no marble is met twice. The last step closes the matter. A marble sent since the last look at the
--   clock may be dated by either clock: a date before that look is one of the new clock.
-- KEYS: CLOCK; LATER
-- ARGV: most: marbles to look at; mostBytes
-- returns: {how many were moved, '1' if there may be more}
local CLOCK, LATER = unpack(KEYS, 1, 2)
local most, mostBytes = unpack(ARGV, 1, 2)
most, mostBytes = tonumber(most), tonumber(mostBytes)
local back, from, before, upTo, cursor = unpack(redis.call('HMGET', CLOCK, 'back', 'from', 'before', 'upTo', 'cursor'))
if not back then return { 0, '0' } end -- another Monitor has done it
from, before, upTo = tonumber(from), tonumber(before) or 0, tonumber(upTo)

local found, bytes, more = {}, 0, '1'
while #found < most and bytes < mostBytes do
  local some = redis.call('ZRANGEBYSCORE', LATER, cursor, '+inf', 'WITHSCORES', 'LIMIT', #found, math.min(most - #found, 32))
  for i = 1, #some, 2 do
    found[#found + 1] = { member = some[i], due = tonumber(some[i + 1]) }
    bytes = bytes + #some[i]
  end
  if #some == 0 then
    more = '0'
    break
  end
end

local moved = 0
for _, one in ipairs(found) do
  local serial = tonumber(string.match(one.member, '^(%d+) '))
  if serial and serial <= upTo and (serial <= before or one.due >= from) then
    redis.call('ZADD', LATER, 'XX', one.due - back, one.member)
    moved = moved + 1
  end
end
if more == '0' then
  redis.call('HDEL', CLOCK, 'back', 'from', 'before', 'upTo', 'cursor')
else
  local last = string.format('%.17g', found[#found].due)
  redis.call('HSET', CLOCK, 'cursor', moved == 0 and last == cursor and '(' .. last or last)
end
return { moved, more }
