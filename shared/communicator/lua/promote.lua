-- purpose: moves delayed marbles that are due into their queues, in steps bounded by number and bytes.
-- KEYS: 1-7 run, 8.. the list of each line
-- ARGV: 1 most marbles, 2 most bytes, 3 lines, then their queues
-- returns: {moved, queue that is missing among the lines ('' for none), '1' if more are due}
-- include run
local at, keys, moved, bytes = now(), linesByQueue(3, 7, tonumber(ARGV[3])), 0, 0
while moved < tonumber(ARGV[1]) and bytes < tonumber(ARGV[2]) do
  local member = redis.call('ZRANGEBYSCORE', LATER, '-inf', at, 'LIMIT', 0, 1)[1]
  if not member then return { moved, '', '0' } end
  local _, stop, side, queue = string.find(member, '^%d+ (%a) (%S+) ')
  local key, envelope = keys[queue], string.sub(member, stop + 1)
  if not key then return { moved, queue, '1' } end
  if side == 'f' then pushFront(queue, key, { envelope }, at) else pushBack(queue, key, QUEUES, { envelope }, at) end
  redis.call('ZREM', LATER, member)
  moved = moved + 1
  bytes = bytes + #envelope
end
return { moved, '', '1' }
