-- purpose: drops delayed marbles that are members of cancelled batches. Otherwise each would stay until it is due.
--   The script takes steps bounded by number, by the place of the marbles among the delayed.
-- KEYS: run; ABSENT: a key that is not there, for trials; then the keys of large data, then the five keys of batches
-- ARGV: from: the place to begin at; most: marbles to look at; then names of large data (lib/over)
-- returns: {the place to go on at (-1: that was the last), how many were dropped}; or {the place to begin at, 0, name of
--   large data that is missing, ...}: nothing was done
-- include clock run args lines names due refers over batch-keys batches booking
local ABSENT = KEYS[8]
local from, most = unpack(ARGV, 1, 2)
from, most = tonumber(from), tonumber(most)
keysRead, argsRead = 8, 2
nextDataKeys()
local at, members = now(), redis.call('ZRANGE', LATER, from, from + most - 1)
redis.call('ZREM', LATER, '') -- tried before anything is counted
local dropped, envelopes = {}, {}
for _, member in ipairs(members) do
  local one = readDue(member)
  if not one.wrong and batches.dropped(one.envelope) then
    dropped[#dropped + 1] = { member = member, queue = one.queue }
    envelopes[#envelopes + 1] = one.envelope
  end
end
local unknown = unknownData(envelopes)
if #unknown > 0 then return { from, 0, unpack(unknown) } end -- nothing is booked before it returns
tryDeletion(ABSENT)
for _, one in ipairs(dropped) do
  count(one.queue, 'taken', 1)
  count(one.queue, 'finished', 1)
end
for _, one in ipairs(dropped) do redis.call('ZREM', LATER, one.member) end
deleteData(envelopes)
batches.bookOwed(at)
return { #members < most and -1 or from + #members - #dropped, #dropped }
