-- purpose: the heartbeat of many holders; a holder that was given up is not taken back.
-- KEYS: 1 holders, 2.. holder (one for each)
-- ARGV: holder, lease in ms, what to note of how long its process has been blocked in ms ('' for nothing), ...
-- returns: for each holder 1, or 0 where it was given up
local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)
local known = {}
for i = 1, #KEYS - 1 do
  local holder, lease, blocked = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  if redis.call('ZSCORE', KEYS[1], holder) then
    redis.call('ZADD', KEYS[1], at + lease, holder)
    if blocked ~= '' then redis.call('HSET', KEYS[i + 1], 'blockedMs', blocked) end
    known[i] = 1
  else
    known[i] = 0
  end
end
return known
