-- purpose: forgets a queue that has been empty and still for long: its registration and its counts. The registry tells
--   only when it last stopped being empty, so that it is still is noted at first sight, as a date with a fraction, which
--   any marble that comes replaces.
-- KEYS: 1-7 run, 8 its list, 9 its outbox
-- ARGV: 1 queue, 2 ms it must have been still, 3.. its events
-- returns: 1 if it was forgotten
-- include clock run
local queue, at = ARGV[1], now()
if redis.call('EXISTS', KEYS[8], KEYS[9]) > 0 then return 0 end
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
if at - since < tonumber(ARGV[2]) then return 0 end
-- Its counts are kept, for no queue: the audit needs them (delayed and dead marbles of it are still there, some were
-- transferred), and the sums of a run never fall.
for i = 3, #ARGV do
  local n = redis.call('HGET', COUNTS, queue .. ' ' .. ARGV[i])
  if n then
    count('', ARGV[i], n)
    redis.call('HDEL', COUNTS, queue .. ' ' .. ARGV[i])
  end
end
redis.call('ZREM', QUEUES, queue)
redis.call('ZREM', OUTBOXES, queue)
return 1
