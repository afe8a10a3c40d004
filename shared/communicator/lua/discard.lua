-- purpose: drops delayed marbles that are members of cancelled batches. Otherwise each would stay until it is due.
--   The script takes steps bounded by number, by the place of the marbles among the delayed.
-- KEYS: run; then the five keys of batches
-- ARGV: from: the place to begin at; most: marbles to look at
-- returns: {the place to go on at (-1: that was the last), how many were dropped}
-- include clock run names due batches booking
local from, most = unpack(ARGV, 1, 2)
from, most = tonumber(from), tonumber(most)
local at, members = now(), redis.call('ZRANGE', LATER, from, from + most - 1)
redis.call('ZREM', LATER, '') -- tried before anything is counted
local dropped = {}
for _, member in ipairs(members) do
  local one = readDue(member)
  if not one.wrong and batches.dropped(one.envelope) then
    dropped[#dropped + 1] = member
    count(one.queue, 'taken', 1)
    count(one.queue, 'finished', 1)
  end
end
for _, member in ipairs(dropped) do redis.call('ZREM', LATER, member) end
batches.bookOwed(at)
return { #members < most and -1 or from + #members - #dropped, #dropped }
