-- purpose: notes that work on held marbles begins: the time limits that they have of their own, instead of their holder's,
--   and of suspects (lib/attempts) whether they are worked on alone, so that a crash is charged to whom it is due.
-- KEYS: 1 held, 2 deadlines
-- ARGV: 1 holder, then of each marble: receipt, limit in ms ('' as noted, 0: none), 'a' (alone), 'c' (among others) or ''
-- returns: for each 1, or 0 where it is not held any more: nothing was noted of it
-- include clock
local at = now()

local function note(receipt, mark)
  if mark == '' then return redis.call('HEXISTS', KEYS[1], receipt) end
  local envelope = redis.call('HGET', KEYS[1], receipt)
  if not envelope then return 0 end
  local stop = string.find(envelope, '\n', 1, true)
  local header = string.gsub(string.sub(envelope, 1, stop - 1), ' g=%S+', '')
  redis.call('HSET', KEYS[1], receipt, header .. ' g=' .. mark .. string.sub(envelope, stop))
  return 1
end

local answer = {}
for i = 2, #ARGV, 3 do
  local receipt, limit = ARGV[i], tonumber(ARGV[i + 1])
  local member, held = ARGV[1] .. ' ' .. receipt, note(receipt, ARGV[i + 2])
  if held == 1 and limit and limit > 0 then redis.call('ZADD', KEYS[2], at + limit, member) end
  if held == 1 and limit == 0 then redis.call('ZREM', KEYS[2], member) end
  answer[#answer + 1] = held
end
return answer
