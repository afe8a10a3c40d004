-- purpose: takes back single marbles of a holder that is alive: abandoned ones, and those over their time limit.
-- KEYS: 1-7 run, 8 deadlines, 9 holder, 10 held, 11.. the list of each line
-- ARGV: 1 holder, 2 attempts allowed where the holder does not say, 3 lines, then their queues, then of each
--       marble, last taken first: receipt, line
-- returns: {returned, dead, ms since the earliest time limit passed}
-- include clock run attempts
local DEADLINES, HOLDER, HELD = KEYS[8], KEYS[9], KEYS[10]
local holder, lines, at = ARGV[1], tonumber(ARGV[3]), now()
local keys, back, returned, dead, late = linesByQueue(3, 10, lines), {}, 0, 0, 0
local default = tonumber(redis.call('HGET', HOLDER, 'maxAttempts')) or tonumber(ARGV[2])
for i = 4 + lines, #ARGV, 2 do
  local receipt, queue = ARGV[i], ARGV[3 + ARGV[i + 1]]
  local member = holder .. ' ' .. receipt
  local deadline = tonumber(redis.call('ZSCORE', DEADLINES, member))
  if deadline and deadline <= at then
    redis.call('ZREM', DEADLINES, member)
    local envelope = redis.call('HGET', HELD, receipt)
    if envelope then -- else it was finished, or its holder fell silent
      redis.call('HDEL', HELD, receipt)
      count(queue, 'dropped', 1)
      if deadline > 0 then late = math.max(late, at - deadline) end
      local why = { why = deadline > 0 and 'over its time limit' or 'abandoned', holder = holder }
      if retryOrBury(queue, envelope, why, default, at, back) then dead = dead + 1 end
    end
  end
end
for queue, envelopes in pairs(back) do
  pushFront(queue, keys[queue], envelopes, at)
  count(queue, 'returned', #envelopes)
  returned = returned + #envelopes
end
return { returned, dead, late }
