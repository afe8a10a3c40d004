-- purpose: moves marbles from the front of one queue to the end of another, each step exactly once: it is numbered, and
--   bounded by number and bytes.
-- KEYS: 1-7 run, 8 sender, 9 from, 10 to
-- ARGV: 1 number of this step, 2 ms to remember it, 3 queue that they come from, 4 queue that they go to, 5 most marbles,
--       6 most bytes
-- returns: how many were moved, now or when this step was first asked for
-- include clock run look
local SENDER, FROM, TO, from, to = KEYS[8], KEYS[9], KEYS[10], ARGV[3], ARGV[4]
local number, before = string.match(redis.call('GET', SENDER) or '', '^(%d+) (%d+)$')
if number and tonumber(number) >= tonumber(ARGV[1]) then return tonumber(before) end

local envelopes = look(FROM, tonumber(ARGV[5]), tonumber(ARGV[6]), { n = 0, bytes = 0 })
local n = #envelopes
redis.call('LTRIM', FROM, 0, -1) -- tried before anything is put, with nothing to remove: else they would be in both
if n > 0 then
  pushBack(to, TO, QUEUES, now(), envelopes)
  count(from, 'moved', n)
  count(to, 'received', n)
end
redis.call('SET', SENDER, ARGV[1] .. ' ' .. n, 'PX', ARGV[2])
if n > 0 then drop(FROM, n) end
return n
