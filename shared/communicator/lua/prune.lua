-- purpose: forgets a queue that has been empty and still for long: its registration and its counts. The registry tells
--   only when it last stopped being empty, so that it is still is noted at first sight, as a date with a fraction, which
--   any marble that comes replaces.
-- KEYS: run; LIST; OUTBOX
-- ARGV: queue; stillMs: it must have been still for so long; then its events
-- returns: 1 if it was forgotten
-- include clock run
local LIST, OUTBOX = unpack(KEYS, 8, 9)
local queue, stillMs = unpack(ARGV, 1, 2)
local at = now()
if redis.call('EXISTS', LIST, OUTBOX) > 0 then return 0 end
local over = 0
for _, event in ipairs({ 'finished', 'failed', 'dropped', 'released' }) do
  over = over + (tonumber(redis.call('HGET', COUNTS, queue .. ' ' .. event)) or 0)
end
if over < (tonumber(redis.call('HGET', COUNTS, queue .. ' taken')) or 0) then return 0 end -- some are held

local since = 0
for _, registry in ipairs({ QUEUES, OUTBOXES }) do
  local date = tonumber(redis.call('ZSCORE', registry, queue))
  if date and date % 1 == 0 then
    redis.call('ZADD', registry, at + 0.5, queue)
    date = at
  end
  since = math.max(since, date or 0)
end
if at - since < tonumber(stillMs) then return 0 end
-- Its counts are kept, for no queue: the audit needs them (delayed and dead letters of it are still there, some were
-- transferred), and the sums of a run never fall.
for _, event in ipairs({ unpack(ARGV, 3) }) do
  local n = redis.call('HGET', COUNTS, queue .. ' ' .. event)
  if n then
    count('', event, n)
    redis.call('HDEL', COUNTS, queue .. ' ' .. event)
  end
end
redis.call('ZREM', QUEUES, queue)
redis.call('ZREM', OUTBOXES, queue)
return 1
