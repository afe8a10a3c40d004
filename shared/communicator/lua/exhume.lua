-- purpose: takes dead marbles out of their graves: back to the end of their queues with their attempts forgotten, or
--   for good. In steps bounded by number (of serials) and bytes. What is no grave can be deleted only.
-- KEYS: 1-7 run, 8.. the list of each line, then the five of batches
-- ARGV: 1 'requeue' or 'delete', 2 of this queue only ('' for any), 3 most bytes, 4 lines, then their queues, then serials
-- returns: {how many were taken out, how many serials were looked at, queue that is missing among the lines ('' for none)}
-- include clock run names graves batches
local requeue, only, lines = ARGV[1] == 'requeue', ARGV[2], tonumber(ARGV[4])
local at, keys, bytes, taken, looked, missing = now(), linesByQueue(4, 7, lines), 0, 0, 0, ''
redis.call('HDEL', GRAVES, '') -- tried before anything is put back, on nothing: else it would be in both
redis.call('ZREM', DEAD, '')
batches.try(true)

local function putBack(queue, envelope)
  local id, rest = string.match(envelope, '^(%S+) %d+(.*)$')
  pushBack(queue, keys[queue], QUEUES, at, { id and id .. ' 0' .. rest or envelope })
end
for i = 5 + lines, #ARGV do
  if bytes >= tonumber(ARGV[3]) then break end
  local grave = redis.call('HGET', GRAVES, ARGV[i])
  local queue, envelope = readGrave(grave or '')
  if not isQueue(queue) then queue = nil end
  local isThere = grave or redis.call('ZSCORE', DEAD, ARGV[i]) -- else it was taken out before
  if isThere and (only == '' or queue == only) and (queue or not requeue) then
    if requeue and not keys[queue] then
      missing = queue
      break
    end
    if requeue then
      putBack(queue, envelope)
    else
      count(queue or '-', 'deleted', 1)
    end
    closeGrave(ARGV[i])
    if envelope then batches.exhumed(envelope, ARGV[i], requeue) end
    taken = taken + 1
  end
  looked = looked + 1
  bytes = bytes + #(grave or '')
end
batches.settle(at)
return { taken, looked, missing }
