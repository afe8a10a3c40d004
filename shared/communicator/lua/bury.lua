-- purpose: moves what lies in a list of a name that is not allowed to the dead, where people find it: no client can ask for it.
-- KEYS: 1-7 run, 8 the list, then the five of batches
-- ARGV: 1 the name as it is shown, 2 most marbles, 3 most bytes
-- returns: how many were moved
-- include clock run look batches
local at, envelopes = now(), look(KEYS[8], tonumber(ARGV[2]), tonumber(ARGV[3]), { n = 0, bytes = 0 })
if #envelopes == 0 then return 0 end
redis.call('LTRIM', KEYS[8], 0, -1) -- tried before anything is put, with nothing to remove
for _, envelope in ipairs(envelopes) do
  bury(ARGV[1], envelope, '{"why":"unreadable","error":{"message":"its queue has no allowed name"}}', at)
end
redis.call('ZADD', QUEUES, at, ARGV[1]) -- so that its counts are shown
drop(KEYS[8], #envelopes)
batches.settle(at)
return #envelopes
