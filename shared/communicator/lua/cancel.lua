-- purpose: cancels a batch. Its members are not worked on any more: whoever takes one drops it. The script names the
--   batches in it, which are to be cancelled too. It may be asked again.
-- KEYS: run; then the five keys of batches
-- ARGV: id; reason; after: the last batch in it that was named before ('' none); most: how many to name
-- returns: {'cancelled', batch in it, ...} | {'unknown' or 'complete'}: nothing was done; a batch that is complete
--   because it was cancelled names none
-- include clock run batch-keys batches booking
local id, reason, after, most = unpack(ARGV, 1, 4)
local at, answer = now(), { 'cancelled' }
local left, done, cancelled = batches.fields(id, 'left', 'done', 'cancel')
if not left then return { 'unknown' } end
if done then return { cancelled and 'cancelled' or 'complete' } end
redis.call('HINCRBY', BATCHES, id .. ' left', 0) -- booking needs this and the next: tried before anything is noted
isBatch(id)
local from = after == '' and '[' .. id .. ' ' or '(' .. id .. ' ' .. after
for _, member in ipairs(redis.call('ZRANGE', CHILDREN, from, '(' .. id .. '!', 'BYLEX', 'LIMIT', 0, most)) do
  answer[#answer + 1] = string.sub(member, #id + 2)
end
batches.cancel(id, reason, at)
batches.owe(id, 'look', 1)
batches.bookOwed(at)
return answer
