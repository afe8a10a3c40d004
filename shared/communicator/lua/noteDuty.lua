-- purpose: notes what the owner of a duty is about to do, if it has the duty still. Whoever has it next reads that. An
--   owner asks this just before each step that it takes outside of Redis.
-- KEYS: DUTIES
-- ARGV: duty; owner; fence: with which it took the duty; forMs: how long it has the duty from now on (0: it gives it
--       up); note
-- returns: 1, or 0 where its time is over or another has had the duty since: it may do nothing then
-- include clock duties
local DUTIES = KEYS[1]
local duty, owner, fence, forMs, note = unpack(ARGV, 1, 5)
local is, at = readDuty(DUTIES, duty), now()
if is.owner ~= owner or is.fence ~= tonumber(fence) or is.ends <= at then return 0 end
is.ends, is.note = at + forMs, note
writeDuty(DUTIES, duty, is)
return 1
