-- purpose: moves delayed marbles that are due into their queues, in steps bounded by number and bytes. Each by itself, in
--   the order in which they are due: where the steps end makes no difference, and of some that were given back
--   together, last taken first, the one taken first is again the first, as without a delay.
-- KEYS: 1-7 run, 8.. the list of each line
-- ARGV: 1 most marbles, 2 most bytes, 3 lines, then their queues
-- returns: {moved, queue that is missing among the lines ('' for none), '1' if more are due}
-- include clock run
local at, keys, moved, bytes, missing = now(), linesByQueue(3, 7, tonumber(ARGV[3])), 0, 0, ''
local more = '1'
while moved < tonumber(ARGV[1]) and bytes < tonumber(ARGV[2]) do
  local member = redis.call('ZRANGEBYSCORE', LATER, '-inf', at, 'LIMIT', 0, 1)[1]
  if not member then
    more = '0'
    break
  end
  local _, stop, side, queue = string.find(member, '^%d+ (%a) (%S+) ')
  if not keys[queue] then
    missing = queue
    break
  end
  local envelope = string.sub(member, stop + 1)
  if side == 'f' then
    pushFront(queue, keys[queue], { envelope }, at)
  else
    pushBack(queue, keys[queue], QUEUES, at, { envelope })
  end
  redis.call('ZREM', LATER, member)
  moved = moved + 1
  bytes = bytes + #envelope
end
return { moved, missing, more }
