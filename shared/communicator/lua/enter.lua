-- purpose: makes a holder known: its lease runs from now.
-- KEYS: 1 holders, 2 holder, 3 held
-- ARGV: 1 holder, 2 lease in ms, 3.. field and value of its description
-- returns: when the lease passes, in ms
-- include clock
local at = now()
redis.call('ZADD', KEYS[1], at + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], 'since', string.format('%.0f', at), 'leaseMs', ARGV[2], unpack(ARGV, 3))
redis.call('HSETNX', KEYS[3], 'op', '0')
return at + ARGV[2]
