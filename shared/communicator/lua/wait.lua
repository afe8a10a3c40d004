-- purpose: beats before a BLMOVE on the same connection, and notes that connection. Whoever gives the holder up ends
--   the wait first: otherwise marbles could come into its inbox afterwards.
-- KEYS: HOLDERS; HOLDER
-- ARGV: holder; leaseMs; client: the id by which Redis knows this connection
-- returns: 1, or 0 where the holder was given up
-- include clock
local HOLDERS, HOLDER = unpack(KEYS, 1, 2)
local holder, leaseMs, client = unpack(ARGV, 1, 3)
if not redis.call('ZSCORE', HOLDERS, holder) then return 0 end
redis.call('ZADD', HOLDERS, now() + leaseMs, holder)
redis.call('HSET', HOLDER, 'client', client)
return 1
