-- purpose: says that nothing more is sent to a batch from outside. From then on, the batch is complete when nothing
--   is left of it. The script may be asked again.
-- KEYS: run; then the five keys of batches
-- ARGV: id; expected: how many must have been sent to it at least ('' any number)
-- returns: {'sealed'} | {'unknown'} | {'short', how many were sent}: nothing was done
-- include clock run batch-keys batches booking
local id, expected = unpack(ARGV, 1, 2)
local at = now()
local left, sent = batches.fields(id, 'left', 'sent')
if not left then return { 'unknown' } end
sent = tonumber(sent) or 0
if expected ~= '' and sent < tonumber(expected) then return { 'short', sent } end
redis.call('HINCRBY', BATCHES, id .. ' left', 0) -- booking needs this and the next: tried before anything is noted
isBatch(id)
if redis.call('HSETNX', BATCHES, id .. ' sealed', at) == 1 then batches.owe(id, 'left', -1) end
batches.owe(id, 'look', 1)
batches.bookOwed(at)
return { 'sealed' }
