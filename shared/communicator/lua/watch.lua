-- purpose: notes that a Monitor watches this run, by Redis's clock, and forgets Monitors that have been silent for
--   long.
-- KEYS: MONITORS
-- ARGV: monitor: '<name> <version>'; keepMs: ms after which a silent one is forgotten
-- returns: the time that was noted, in ms
-- include clock
local MONITORS = KEYS[1]
local monitor, keepMs = unpack(ARGV, 1, 2)
local at = now()
redis.call('ZADD', MONITORS, at, monitor)
local silent = redis.call('ZRANGEBYSCORE', MONITORS, '-inf', at - keepMs)
for _, one in ipairs(silent) do redis.call('ZREM', MONITORS, one) end
return at
