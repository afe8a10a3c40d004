-- purpose: requeues or removes dead letters. Requeued ones go to the end of their queues, with their attempts
--   forgotten. The script takes steps bounded by number (of serials) and bytes. An entry that is no letter can only be
--   removed.
-- KEYS: run; WATCHED; ABSENT: a key that is not there, for trials; then the list of each line, then the wake-up of
--       each, then the keys of large data, then the five keys of batches
-- ARGV: what: 'requeue' or 'remove'; only: the queue whose letters are meant ('' for any); mostBytes; then lines,
--       their queues, then names of large data (lib/over), then serials
-- returns: {how many were taken out, how many serials were looked at, queue that is missing among the lines ('' for
--   none), name of large data that is missing, ...}
-- include clock run args wake pushing lines names letters refers over batch-keys batches booking
local ABSENT = KEYS[9]
local what, only, mostBytes = unpack(ARGV, 1, 3)
keysRead, argsRead = 9, 3
local requeue, keys = what == 'requeue', nextLines(nextLists)
nextDataKeys()
local at, bytes, taken, looked, missing, unknown, over = now(), 0, 0, 0, '', {}, {}
redis.call('HDEL', LETTERS, '') -- tried before anything is put back, on nothing: else it would be in both
redis.call('ZREM', DEAD, '')
batches.try(true)
tryDeletion(ABSENT)

local function putBack(queue, envelope)
  local id, rest = string.match(envelope, '^(%S+) %d+(.*)$')
  pushBack(queue, keys[queue], QUEUES, at, { id and id .. ' 0' .. rest or envelope })
end

-- Names the data of this letter and of those that follow, so that the next call has the keys of all.
local function lacking(envelope)
  local envelopes = { envelope }
  while argsRead < #ARGV and bytes < tonumber(mostBytes) do
    local letter = redis.call('HGET', LETTERS, nextArgs(1)) or ''
    bytes = bytes + #letter
    envelopes[#envelopes + 1] = select(2, readLetter(letter))
  end
  return unknownData(envelopes)
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
    if not requeue and #unknownData({ envelope }) > 0 then
      unknown = lacking(envelope)
      break
    end
    if requeue then
      putBack(queue, envelope)
    else
      count(queue or '-', 'deleted', 1)
      over[#over + 1] = envelope
    end
    removeLetter(serial)
    if envelope then batches.letterSettled(envelope, serial, requeue) end
    taken = taken + 1
  end
  looked = looked + 1
  bytes = bytes + #(letter or '')
end
deleteData(over)
batches.bookOwed(at)
return { taken, looked, missing, unpack(unknown) }
