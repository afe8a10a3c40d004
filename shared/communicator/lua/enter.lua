-- purpose: makes a holder known. Its lease runs from now.
-- KEYS: HOLDERS; HOLDER; HELD
-- ARGV: holder; leaseMs; then fields and values of its description
-- returns: the time at which the lease passes, in ms
-- include clock
local HOLDERS, HOLDER, HELD = unpack(KEYS, 1, 3)
local holder, leaseMs = unpack(ARGV, 1, 2)
local at = now()
redis.call('ZADD', HOLDERS, at + leaseMs, holder)
redis.call('HSET', HOLDER, 'since', string.format('%.0f', at), 'leaseMs', leaseMs, unpack(ARGV, 3))
redis.call('HSETNX', HELD, 'op', '0')
return at + leaseMs
