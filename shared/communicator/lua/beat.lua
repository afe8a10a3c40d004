-- purpose: beats for many holders at once. A holder that was given up is not taken back.
-- KEYS: HOLDERS; then holder (one for each)
-- ARGV: for each: holder, lease in ms, how long its process has been blocked in ms, which is noted ('' to note
--       nothing)
-- returns: for each holder 1, or 0 where it was given up
-- include clock
local HOLDERS = KEYS[1]
local at = now()
local n, dates, known = #KEYS - 1, {}, {}
for i = 1, n do
  dates[2 * i - 1] = at + tonumber(ARGV[3 * i - 1])
  dates[2 * i] = ARGV[3 * i - 2]
end
-- ZADD tells how many holders it changed. Where these are all, all are known. Otherwise each is asked for by itself.
local sure = redis.call('ZADD', HOLDERS, 'XX', 'CH', unpack(dates)) == n
for i = 1, n do
  known[i] = (sure or redis.call('ZSCORE', HOLDERS, dates[2 * i])) and 1 or 0
  if known[i] == 1 and ARGV[3 * i] ~= '' then redis.call('HSET', KEYS[i + 1], 'blockedMs', ARGV[3 * i]) end
end
return known
