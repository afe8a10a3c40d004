-- purpose: the beat before a BLMOVE on the same connection, which is noted: whoever gives the holder up ends the wait
--   first, or marbles could land with it afterwards.
-- KEYS: 1 holders, 2 holder
-- ARGV: 1 holder, 2 lease in ms, 3 the id by which Redis knows this connection
-- returns: 1, or 0 where the holder was given up
-- include clock
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now() + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], 'client', ARGV[3])
return 1
