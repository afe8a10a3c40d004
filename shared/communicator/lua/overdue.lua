-- purpose: takes back single marbles of a holder that is alive: abandoned ones, and those over their time limit.
--   Where several are over their limit at once, and the client did not tell of that itself, one of them has hung the
--   holder. They are suspects. That a marble was over its limit is noted, so that a holder that hangs is found (hung).
-- KEYS: run; WATCHED; DEADLINES; OVERRAN; HOLDER; HELD; then the list of each line, then the wake-up of each, then the
--       five keys of batches
-- ARGV: holder; maxAttempts: where the holder does not say; then lines, their queues, then for each marble, the last
--       taken first: receipt, line
-- returns: {returned, dead, ms since the earliest time limit passed, how many were over their limit}
-- include clock run args wake pushing lines attempts batch-keys batches booking
local DEADLINES, OVERRAN, HOLDER, HELD = unpack(KEYS, 9, 12)
local holder, maxAttempts = unpack(ARGV, 1, 2)
keysRead, argsRead = 12, 2
local keys, names = nextLines(nextLists)
local at, back, passed, removed = now(), {}, {}, {}
local itsMost, ahead = unpack(redis.call('HMGET', HOLDER, 'maxAttempts', 'ahead'))
local default = tonumber(itsMost) or tonumber(maxAttempts)

-- A missing right is met here, before anything is changed.
redis.call('HDEL', HELD, '')
redis.call('ZREM', DEADLINES, '')
redis.call('ZREM', OVERRAN, '')

local late, limited = 0, 0
while argsRead < #ARGV do
  local receipt, line = nextArgs(2)
  local deadline = tonumber(redis.call('ZSCORE', DEADLINES, holder .. ' ' .. receipt))
  if deadline and deadline <= at then
    removed[#removed + 1] = receipt
    local envelope = redis.call('HGET', HELD, receipt)
    if envelope then -- otherwise it was finished, or its holder fell silent
      passed[#passed + 1] = { queue = ARGV[names + line], envelope = envelope, deadline = deadline }
      if deadline > 0 then
        limited = limited + 1
        late = math.max(late, at - deadline)
      end
    end
  end
end

local dead = 0
for _, one in ipairs(passed) do
  local company = ahead and one.deadline > 0 and limited > 1
  local again = company and suspected(one.envelope)
  count(one.queue, 'dropped', 1)
  if again then
    goesBack(back, one.queue, again)
  else
    local why = { why = one.deadline > 0 and 'over its time limit' or 'abandoned', holder = holder }
    if retryOrDie(one.queue, one.envelope, why, default, at, back) then dead = dead + 1 end
  end
end
for queue, envelopes in pairs(back) do
  pushFront(queue, keys[queue], envelopes, at)
  count(queue, 'returned', #envelopes)
end
for _, receipt in ipairs(removed) do
  redis.call('HDEL', HELD, receipt)
  redis.call('ZREM', DEADLINES, holder .. ' ' .. receipt)
end
if limited > 0 then redis.call('ZADD', OVERRAN, at, holder) end
batches.bookOwed(at)
return { #passed - dead, dead, late, limited }
