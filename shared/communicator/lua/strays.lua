-- purpose: moves the marbles of a list whose name is not allowed to the dead, where people find them. No client can
--   ask for them in that list.
-- KEYS: run; LIST; then the five keys of batches
-- ARGV: shown: the name as it is shown; most: marbles; mostBytes
-- returns: how many were moved
-- include clock run look batch-keys batches booking
local LIST = KEYS[8]
local shown, most, mostBytes = unpack(ARGV, 1, 3)
local at, envelopes = now(), look(LIST, tonumber(most), tonumber(mostBytes), { n = 0, bytes = 0 })
if #envelopes == 0 then return 0 end
redis.call('LTRIM', LIST, 0, -1) -- tried before anything is put, with nothing to remove
for _, envelope in ipairs(envelopes) do
  addLetter(shown, envelope, '{"why":"unreadable","error":{"message":"its queue has no allowed name"}}', at)
end
redis.call('ZADD', QUEUES, at, shown) -- so that its counts are shown
drop(LIST, #envelopes)
batches.bookOwed(at)
return #envelopes
