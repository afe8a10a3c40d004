-- purpose: forgets batches that have been complete for as long as they are kept, in bounded steps. A batch with dead
--   members is kept as long as they are, because a letter that is requeued is counted.
-- KEYS: run; then the five keys of batches
-- ARGV: most: batches to look at; keptMs: how long until a batch that is kept is looked at again
-- returns: {how many were looked at, how many were forgotten}
-- include clock run batch-keys batches booking batch
local most, keptMs = unpack(ARGV, 1, 2)
local at, forgotten = now(), 0
local ended = redis.call('ZRANGE', BATCHENDS, '-inf', at, 'BYSCORE', 'LIMIT', 0, most)
for _, id in ipairs(ended) do
  local left, dead, about, parent = batches.fields(id, 'left', 'dead', 'about', 'parent')
  if left and (tonumber(left) > 0 or (tonumber(dead) or 0) > 0) then
    redis.call('ZADD', BATCHENDS, at + keptMs, id)
  else
    forget(id, about, parent)
    forgotten = forgotten + 1
  end
end
return { #ended, forgotten }
