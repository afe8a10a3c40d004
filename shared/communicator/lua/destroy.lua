-- purpose: deletes all that waits in a queue, exactly once; Redis frees it beside its work (UNLINK), however much it is.
-- KEYS: 1-7 run, 8 sender, 9 its list
-- ARGV: 1 number of this command, 2 ms to remember it, 3 queue
-- returns: how many were deleted, now or when it was first asked for
-- include run
local SENDER, LIST, queue = KEYS[8], KEYS[9], ARGV[3]
local number, before = string.match(redis.call('GET', SENDER) or '', '^(%d+) (%d+)$')
if number and tonumber(number) >= tonumber(ARGV[1]) then return tonumber(before) end
local n = redis.call('LLEN', LIST)
if n > 0 then
  count(queue, 'destroyed', 0) -- tried before anything is deleted: what is gone must be counted
  redis.call('UNLINK', LIST)
  count(queue, 'destroyed', n)
end
redis.call('SET', SENDER, ARGV[1] .. ' ' .. n, 'PX', ARGV[2])
return n
