-- purpose: notes the time limits that held marbles have of their own, instead of their holder's.
-- KEYS: 1 held, 2 deadlines
-- ARGV: 1 holder, then of each marble: receipt, limit in ms (0: none)
-- returns: how many are held
-- include clock
local at = now()
local held = 0
for i = 2, #ARGV, 2 do
  local member = ARGV[1] .. ' ' .. ARGV[i]
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    held = held + 1
    if tonumber(ARGV[i + 1]) > 0 then
      redis.call('ZADD', KEYS[2], at + ARGV[i + 1], member)
    else
      redis.call('ZREM', KEYS[2], member)
    end
  end
end
return held
