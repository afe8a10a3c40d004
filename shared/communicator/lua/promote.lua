-- purpose: moves delayed marbles that are due into their queues, in steps bounded by number and bytes.
-- KEYS: 1-7 run, 8.. the list of each line
-- ARGV: 1 most marbles, 2 most bytes, 3 lines, then their queues
-- returns: {moved, queue that is missing among the lines ('' for none), '1' if more are due}
-- include clock run
local at, keys, moved, bytes, missing = now(), linesByQueue(3, 7, tonumber(ARGV[3])), 0, 0, ''
local front, more = {}, '1'
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
    front[queue] = front[queue] or {}
    table.insert(front[queue], 1, envelope)
  else
    pushBack(queue, keys[queue], QUEUES, at, { envelope })
  end
  redis.call('ZREM', LATER, member)
  moved = moved + 1
  bytes = bytes + #envelope
end
for queue, lastFirst in pairs(front) do pushFront(queue, keys[queue], lastFirst, at) end
return { moved, missing, more }
