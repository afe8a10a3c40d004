-- purpose: notes that work on held marbles begins. Time limits of their own replace the limit of their holder. A
--   suspect (lib/attempts) is noted with whether it is worked on alone, so that a crash is charged to the marble that
--   caused it.
-- KEYS: HELD; DEADLINES
-- ARGV: holder; then for each marble: receipt, limit in ms ('' as noted, 0: none), 'a' (alone), 'c' (among others) or
--       ''
-- returns: for each marble 1, or 0 where it is not held any more and nothing was noted of it
-- include clock args
local HELD, DEADLINES = unpack(KEYS, 1, 2)
local holder = ARGV[1]
keysRead, argsRead = 2, 1
local at, answer = now(), {}

local function note(receipt, mark)
  if mark == '' then return redis.call('HEXISTS', HELD, receipt) end
  local envelope = redis.call('HGET', HELD, receipt)
  if not envelope then return 0 end
  local stop = string.find(envelope, '\n', 1, true)
  local header = string.gsub(string.sub(envelope, 1, stop - 1), ' g=%S+', '')
  redis.call('HSET', HELD, receipt, header .. ' g=' .. mark .. string.sub(envelope, stop))
  return 1
end

while argsRead < #ARGV do
  local receipt, limitMs, mark = nextArgs(3)
  local member, held, limit = holder .. ' ' .. receipt, note(receipt, mark), tonumber(limitMs)
  if held == 1 and limit and limit > 0 then redis.call('ZADD', DEADLINES, at + limit, member) end
  if held == 1 and limit == 0 then redis.call('ZREM', DEADLINES, member) end
  answer[#answer + 1] = held
end
return answer
