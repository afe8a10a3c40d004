-- purpose: forgets a queue that has been empty and still for long: its registration and its counts.
-- KEYS: 1-7 run, 8 its list, 9 its outbox
-- ARGV: 1 queue, 2 ms it must have been still, 3.. its events
-- returns: 1 if it was forgotten
-- include clock run
local queue, at = ARGV[1], now()
local last = math.max(tonumber(redis.call('ZSCORE', QUEUES, queue)) or 0, tonumber(redis.call('ZSCORE', OUTBOXES, queue)) or 0)
if at - last < tonumber(ARGV[2]) or redis.call('EXISTS', KEYS[8], KEYS[9]) > 0 then return 0 end
local over = 0
for _, event in ipairs({ 'finished', 'failed', 'dropped', 'released' }) do
  over = over + (tonumber(redis.call('HGET', COUNTS, queue .. ' ' .. event)) or 0)
end
if over < (tonumber(redis.call('HGET', COUNTS, queue .. ' taken')) or 0) then return 0 end -- some are held
-- What the audit would miss with its counts (delayed and dead marbles of it are still there, some were transferred) stays
-- counted, for no queue.
local rest = 0
for event, sign in pairs({ sent = 1, elevated = 1, lifted = -1, finished = -1, expired = -1, deleted = -1 }) do
  rest = rest + sign * (tonumber(redis.call('HGET', COUNTS, queue .. ' ' .. event)) or 0)
end
if rest ~= 0 then count('', 'sent', rest) end
for i = 3, #ARGV do redis.call('HDEL', COUNTS, queue .. ' ' .. ARGV[i]) end
redis.call('ZREM', QUEUES, queue)
redis.call('ZREM', OUTBOXES, queue)
return 1
