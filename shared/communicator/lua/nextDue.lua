-- purpose: tells when the next delayed marble is due.
-- KEYS: LATER
-- ARGV: none
-- returns: ms until then (0: now; -1: there is none)
-- include clock
local LATER = KEYS[1]
local next = redis.call('ZRANGE', LATER, 0, 0, 'WITHSCORES')[2]
return next and math.max(0, math.ceil(next - now())) or -1
