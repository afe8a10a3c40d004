-- purpose: deletes what waits in a queue, exactly once: all of it in one step, which Redis frees beside its work (UNLINK),
--   however much it is; in steps bounded by number and bytes where batches have to know of their members.
-- KEYS: 1-7 run, 8 sender, 9 its list, then the five of batches
-- ARGV: 1 number of this step, 2 ms to remember it, 3 queue, 4 most marbles, 5 most bytes
-- returns: {how many were deleted, '1' if there may be more}, now or when this step was first asked for
-- include clock run look batches
local SENDER, LIST, queue = KEYS[8], KEYS[9], ARGV[3]
local number, before, more = string.match(redis.call('GET', SENDER) or '', '^(%d+) (%d+) (%d)$')
if number and tonumber(number) >= tonumber(ARGV[1]) then return { tonumber(before), more } end

local at, n, members = now(), redis.call('LLEN', LIST), {}
more = '0'
if n > 0 then count(queue, 'destroyed', 0) end -- tried before anything is deleted: what is gone must be counted
if n > 0 and batches.any() then
  members = look(LIST, tonumber(ARGV[4]), tonumber(ARGV[5]), { n = 0, bytes = 0 })
  more, n = #members < n and '1' or '0', #members
  for _, envelope in ipairs(members) do
    local id = batches.of(envelope)
    batches.owe(id, 'left', -1)
    batches.owe(id, 'gone', 1)
  end
  drop(LIST, n)
elseif n > 0 then
  redis.call('UNLINK', LIST)
end
if n > 0 then count(queue, 'destroyed', n) end
batches.settle(at)
redis.call('SET', SENDER, ARGV[1] .. ' ' .. n .. ' ' .. more, 'PX', ARGV[2])
return { n, more }
