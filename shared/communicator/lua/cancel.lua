-- purpose: cancels a batch: no member of it is worked on any more, those who take one drop it. Names the batches in it,
--   which are to be cancelled too. May be asked again.
-- KEYS: run; then the five of batches
-- ARGV: id; reason; after: the last batch in it that was named before ('' none); most: to name
-- returns: {'cancelled', batch in it, ...} | {'unknown' or 'complete'}: nothing was done; one that is complete because
--   it was cancelled names none
-- include clock run batches booking
local id, reason, after, most = unpack(ARGV, 1, 4)
local at, answer = now(), { 'cancelled' }
local left, done, cancelled = batches.fields(id, 'left', 'done', 'cancel')
if not left then return { 'unknown' } end
if done then return { cancelled and 'cancelled' or 'complete' } end
redis.call('HINCRBY', BATCHES, id .. ' left', 0) -- tried before it is noted, as what is asked when that is booked
isBatch(id)
local from = after == '' and '[' .. id .. ' ' or '(' .. id .. ' ' .. after
for _, member in ipairs(redis.call('ZRANGE', CHILDREN, from, '(' .. id .. '!', 'BYLEX', 'LIMIT', 0, most)) do
  answer[#answer + 1] = string.sub(member, #id + 2)
end
batches.cancel(id, reason, at)
batches.owe(id, 'look', 1)
batches.settle(at)
return answer
