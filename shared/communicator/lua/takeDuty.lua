-- purpose: takes a duty for some time, or keeps it for longer. Each other owner has a higher fence: one that comes late
--   with its old fence notes nothing, and by that knows that it may do nothing (noteDuty).
-- KEYS: DUTIES
-- ARGV: duty; owner: a name that is used once; forMs: how long it has the duty from now on
-- returns: {fence (0: another has the duty), what was noted last, Redis's time in ms}
-- include clock duties
local DUTIES = KEYS[1]
local duty, owner, forMs = unpack(ARGV, 1, 3)
local is, at = readDuty(DUTIES, duty), now()
-- A date that is further ahead was noted by a clock that has gone back since.
local isHad = is.ends > at and is.ends - at <= tonumber(forMs)
if isHad and is.owner ~= owner then return { 0, is.note, at } end
if not isHad or is.owner ~= owner then is.fence = is.fence + 1 end
is.owner, is.ends = owner, at + forMs
writeDuty(DUTIES, duty, is)
return { is.fence, is.note, at }
