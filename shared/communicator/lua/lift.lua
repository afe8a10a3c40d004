-- purpose: the lower end of a lane: clears the batch that has arrived above, and hands out the next. While a batch is
--   in transit it is handed out again, same number, same content: whoever asks, and however often.
-- KEYS: 1 lane, 2 transit, 3 outboxes (registry), 4 counts, 5.. the outbox of each line
-- ARGV: 1 id for the lane if it is new, 2 epoch and 3 number of the batch that arrived ('' for none),
--       4 most marbles, 5 most bytes, 6.. queues
-- returns: {lane id, epoch, number, entry, ...}, an entry being '<queue> <envelope>'
-- include take
local LANE, TRANSIT = KEYS[1], KEYS[2]
local id, epoch, number = unpack(redis.call('HMGET', LANE, 'id', 'epoch', 'number'))
if not id then
  local time = redis.call('TIME')
  id, epoch, number = ARGV[1], time[1] .. string.format('%06d', time[2]), '0'
  redis.call('HSET', LANE, 'id', id, 'epoch', epoch, 'number', number)
end

if ARGV[2] == epoch and ARGV[3] == number then redis.call('DEL', TRANSIT) end
local entries = redis.call('LRANGE', TRANSIT, 0, -1)
if #entries > 0 then return { id, epoch, number, unpack(entries) } end

local sofar = { n = 0, bytes = 0 }
for i = 5, #KEYS do
  local lifted = take(KEYS[i], ARGV[4] - #entries, tonumber(ARGV[5]), sofar)
  for _, envelope in ipairs(lifted) do entries[#entries + 1] = ARGV[i + 1] .. ' ' .. envelope end
  if #lifted > 0 then redis.call('HINCRBY', KEYS[4], ARGV[i + 1] .. ' lifted', #lifted) end
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('ZREM', KEYS[3], ARGV[i + 1]) end
end
if #entries == 0 then return { id, epoch, number } end
for from = 1, #entries, 5000 do redis.call('RPUSH', TRANSIT, unpack(entries, from, math.min(from + 4999, #entries))) end
number = redis.call('HINCRBY', LANE, 'number', 1)
return { id, epoch, tostring(number), unpack(entries) }
