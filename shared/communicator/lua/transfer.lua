-- purpose: moves marbles from the front of one queue to the end of another, each step exactly once. A step is
--   numbered, and bounded by number and bytes.
-- KEYS: run; WATCHED; SENDER; SOURCE: the list that they leave; TARGET: the list that they go to; WAKE: the
--       wake-up of that
-- ARGV: number: of this step; rememberMs: how long the step is remembered; from: the queue that they leave; to: the
--       queue that they go to; most: marbles; mostBytes
-- returns: how many were moved, now or when this step was first asked for
-- include clock run wake pushing look
local SENDER, SOURCE, TARGET, WAKE = unpack(KEYS, 9, 12)
local number, rememberMs, from, to, most, mostBytes = unpack(ARGV, 1, 6)
local last, before = string.match(redis.call('GET', SENDER) or '', '^(%d+) (%d+)$')
if last and tonumber(last) >= tonumber(number) then return tonumber(before) end

local envelopes = look(SOURCE, tonumber(most), tonumber(mostBytes), { n = 0, bytes = 0 })
local n = #envelopes
wakeUps[TARGET] = WAKE
redis.call('LTRIM', SOURCE, 0, -1) -- tried before anything is put, with nothing to remove: else they would be in both
if n > 0 then
  pushBack(to, TARGET, QUEUES, now(), envelopes)
  count(from, 'moved', n)
  count(to, 'received', n)
end
redis.call('SET', SENDER, number .. ' ' .. n, 'PX', rememberMs)
if n > 0 then drop(SOURCE, n) end
return n
