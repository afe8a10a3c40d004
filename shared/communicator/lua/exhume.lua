-- purpose: takes dead marbles out of their graves: back to the end of their queues with their attempts forgotten, or
--   for good. In steps bounded by number (of serials) and bytes.
-- KEYS: 1-7 run, 8.. the list of each line
-- ARGV: 1 'requeue' or 'delete', 2 of this queue only ('' for any), 3 most bytes, 4 lines, then their queues, then serials
-- returns: {how many were taken out, how many serials were looked at, queue that is missing among the lines ('' for none)}
-- include clock run graves
local requeue, only, lines = ARGV[1] == 'requeue', ARGV[2], tonumber(ARGV[4])
local at, keys, bytes, taken, looked, missing = now(), linesByQueue(4, 7, lines), 0, 0, 0, ''
for i = 5 + lines, #ARGV do
  if bytes >= tonumber(ARGV[3]) then break end
  local grave = redis.call('HGET', GRAVES, ARGV[i])
  local queue, envelope = readGrave(grave or '')
  if queue and (only == '' or queue == only) then
    if requeue and not keys[queue] then
      missing = queue
      break
    end
    if requeue then
      local id, rest = string.match(envelope, '^(%S+) %d+(.*)$')
      pushBack(queue, keys[queue], QUEUES, at, { id and id .. ' 0' .. rest or envelope })
    end
    closeGrave(ARGV[i])
    if not requeue then count(queue, 'deleted', 1) end
    taken = taken + 1
  end
  looked = looked + 1
  bytes = bytes + #(grave or '')
end
return { taken, looked, missing }
