-- purpose: notes that a Monitor watches this run, by Redis's clock, and forgets those that have been silent for long.
-- KEYS: 1 monitors
-- ARGV: 1 '<name> <version>', 2 ms after which a silent one is forgotten
-- returns: when, in ms
-- include clock
local at = now()
redis.call('ZADD', KEYS[1], at, ARGV[1])
local silent = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at - ARGV[2])
for _, monitor in ipairs(silent) do redis.call('ZREM', KEYS[1], monitor) end
return at
