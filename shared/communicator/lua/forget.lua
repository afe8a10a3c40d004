-- purpose: forgets batches that were complete for as long as they are kept, in bounded steps. One that has dead members is
--   kept as long as they are: what comes back from a grave is counted.
-- KEYS: 1-7 run, then the five of batches
-- ARGV: 1 most, 2 ms until one that is kept is looked at again
-- returns: {how many were looked at, how many were forgotten}
-- include clock run batches batch
local at, forgotten = now(), 0
local ended = redis.call('ZRANGE', BATCHENDS, '-inf', at, 'BYSCORE', 'LIMIT', 0, ARGV[1])
for _, id in ipairs(ended) do
  local left, dead, about, parent = batches.fields(id, 'left', 'dead', 'about', 'parent')
  if left and (tonumber(left) > 0 or (tonumber(dead) or 0) > 0) then
    redis.call('ZADD', BATCHENDS, at + ARGV[2], id)
  else
    forget(id, about, parent)
    forgotten = forgotten + 1
  end
end
return { #ended, forgotten }
