-- purpose: gives holders that left something behind but have no entry (evicted, restored from an old file,
--   deleted by hand) an entry whose lease has passed, so that the sweep takes back what they had.
-- KEYS: 1 holders, 2.. holder (one for each)
-- ARGV: holder, queue that it waited on ('' where not known), ...
-- returns: how many had no entry
local n = 0
for i = 1, #KEYS - 1 do
  local holder, queue = ARGV[2 * i - 1], ARGV[2 * i]
  if queue ~= '' then redis.call('HSETNX', KEYS[i + 1], 'waiting', queue) end
  if not redis.call('ZSCORE', KEYS[1], holder) then
    redis.call('ZADD', KEYS[1], 0, holder)
    n = n + 1
  end
end
return n
