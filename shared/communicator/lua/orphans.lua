-- purpose: gives an entry to holders that left something behind but have none (evicted, restored from an old file,
--   deleted by hand). The lease of that entry has passed, so that the sweep takes back what they had.
-- KEYS: HOLDERS; then holder (one for each)
-- ARGV: for each: holder, the queue that it waited on ('' where not known)
-- returns: how many had no entry
-- include args
local HOLDERS = KEYS[1]
keysRead, argsRead = 1, 0
local n = 0
while argsRead < #ARGV do
  local holder, queue = nextArgs(2)
  local about = KEYS[nextKeys(1) + 1]
  if queue ~= '' then redis.call('HSETNX', about, 'waiting', queue) end
  if not redis.call('ZSCORE', HOLDERS, holder) then
    redis.call('ZADD', HOLDERS, 0, holder)
    n = n + 1
  end
end
return n
