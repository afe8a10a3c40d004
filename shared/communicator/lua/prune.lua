-- purpose: forgets a queue that has been empty and still for long: its registration and its counts. The registry
--   tells only when a queue last stopped being empty. So the first look that finds it still notes that, as a date
--   with a fraction. Any marble that comes replaces this date.
-- KEYS: run; LIST; OUTBOX
-- ARGV: queue; stillMs: how long it must have been still; then its events
-- returns: 1 if it was forgotten, or 0
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
-- Counts of the queue are kept, under no queue. The audit needs them: delayed and dead marbles of the queue are still
-- there, and some were transferred. The sums of a run also never fall.
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
