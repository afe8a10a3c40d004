-- purpose: requeues or removes dead letters. Requeued ones go to the end of their queues, with their attempts
--   forgotten. The script takes steps bounded by number (of serials) and bytes. An entry that is no letter can only be
--   removed.
-- KEYS: run; then the list of each line, then the five keys of batches
-- ARGV: what: 'requeue' or 'remove'; only: the queue whose letters are meant ('' for any); mostBytes; then lines,
--       their queues, then serials
-- returns: {how many were taken out, how many serials were looked at, queue that is missing among the lines ('' for
--   none)}
-- include clock run args lines names letters batches booking
local what, only, mostBytes = unpack(ARGV, 1, 3)
keysRead, argsRead = 7, 3
local requeue, keys = what == 'requeue', nextLines()
local at, bytes, taken, looked, missing = now(), 0, 0, 0, ''
redis.call('HDEL', LETTERS, '') -- tried before anything is put back, on nothing: else it would be in both
redis.call('ZREM', DEAD, '')
batches.try(true)

local function putBack(queue, envelope)
  local id, rest = string.match(envelope, '^(%S+) %d+(.*)$')
  pushBack(queue, keys[queue], QUEUES, at, { id and id .. ' 0' .. rest or envelope })
end
while argsRead < #ARGV and bytes < tonumber(mostBytes) do
  local serial = nextArgs(1)
  local letter = redis.call('HGET', LETTERS, serial)
  local queue, envelope = readLetter(letter or '')
  if not isQueue(queue) then queue = nil end
  local isThere = letter or redis.call('ZSCORE', DEAD, serial) -- else it was taken out before
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
    removeLetter(serial)
    if envelope then batches.letterSettled(envelope, serial, requeue) end
    taken = taken + 1
  end
  looked = looked + 1
  bytes = bytes + #(letter or '')
end
batches.bookOwed(at)
return { taken, looked, missing }
