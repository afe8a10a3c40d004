-- purpose: is the lower end of a lane. It clears the transit that has arrived above, and hands out the next. Expedited
--   marbles come first in that, and all outboxes that wait share the rest equally. A transit that is under way is
--   handed out again, with the same number and the same content, whoever asks and however often.
-- KEYS: LANE; TRANSIT; OUTBOXES (registry); COUNTS; ABSENT: a key that is not there, for trials; then the outbox of each
--       line, then the keys of the large data of the transit that arrived, which are deleted
-- ARGV: newId: for the lane if it is new; arrivedEpoch: of the transit that arrived ('' for none); arrivedNumber: of
--       that transit; most: marbles; mostBytes; then queues
-- returns: {lane id, epoch, number, {queue whose outbox is no list, ...} (nil where it did not look), entry, ...}. An
--   entry is '<queue> <envelope>'
-- include args refers shares
local LANE, TRANSIT, OUTBOXES, COUNTS, ABSENT = unpack(KEYS, 1, 5)
local newId, arrivedEpoch, arrivedNumber, most, mostBytes = unpack(ARGV, 1, 5)
keysRead, argsRead = 5, 5
local id, epoch, number = unpack(redis.call('HMGET', LANE, 'id', 'epoch', 'number'))
if not id then
  local time = redis.call('TIME')
  id, epoch, number = newId, time[1] .. string.format('%06d', time[2]), '0'
  redis.call('HSET', LANE, 'id', id, 'epoch', epoch, 'number', number)
end
local function transit(noList, entries)
  return { id, epoch, number, noList, unpack(entries) }
end

local inTransit = redis.call('LLEN', TRANSIT)
local arrived = arrivedEpoch == epoch and arrivedNumber == number
if inTransit > 0 and not arrived then return transit(false, redis.call('LRANGE', TRANSIT, 0, -1)) end

local lines, noList = {}, {}
while argsRead < #ARGV do
  local queue, key = nextArgs(1), KEYS[nextKeys(1) + 1]
  local length = redis.pcall('LLEN', key)
  if type(length) == 'number' then
    lines[#lines + 1] = { key = key, queue = queue, length = length, seen = {}, bytes = 0 }
  elseif string.find(length.err, 'WRONGTYPE', 1, true) then
    noList[#noList + 1] = queue
  else
    error(length)
  end
end
local room = { marbles = tonumber(most), bytes = tonumber(mostBytes) }
lookAtExpedited(lines, room)
lookFairly(lines, room)
local entries = {}
for _, line in ipairs(lines) do
  for _, envelope in ipairs(line.seen) do entries[#entries + 1] = line.queue .. ' ' .. envelope end
end

-- Marbles are put before they are taken. A missing right, or a key of another type, is thus met while all of them are
-- where they were.
redis.call('ZREM', OUTBOXES, '')
redis.call('LTRIM', TRANSIT, 0, -1)
if keysRead < #KEYS then redis.call('UNLINK', ABSENT) end
if #entries > 0 then
  redis.call('HINCRBY', COUNTS, string.match(entries[1], '^%S+') .. ' lifted', 0)
  redis.call('HSET', LANE, 'number', number)
  redis.call('RPUSH', TRANSIT, unpack(entries))
  number = string.format('%.0f', number + 1)
  redis.call('HSET', LANE, 'number', number)
end
redis.call('LTRIM', TRANSIT, inTransit, -1) -- removes the transit that has arrived
if arrived then
  for i = keysRead + 1, #KEYS do redis.call('UNLINK', KEYS[i]) end
end
for _, line in ipairs(lines) do
  if #line.seen > 0 then
    redis.call('LTRIM', line.key, 0, -#line.seen - 1)
    redis.call('HINCRBY', COUNTS, line.queue .. ' lifted', #line.seen)
  end
  if #line.seen == line.length then redis.call('ZREM', OUTBOXES, line.queue) end
end
return transit(noList, entries)
