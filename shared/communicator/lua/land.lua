-- purpose: the upper end of a lane: takes each batch exactly once, by its epoch and number.
-- KEYS: 1-7 run, 8 landed, 9.. the list of each line
-- ARGV: 1 lane id, 2 epoch, 3 number, 4 fingerprint, 5 lines, 6.. their queues, then the number of groups,
--       then the groups (lib/outputs), those that are pushed before those that are dead
-- returns: {'landed' | 'gap' | 'duplicate' | 'doubt', epoch known here, queue whose key is no list, ...}
--   gap: taken, but what this run knew of the lane and what came do not join: some state was lost or rolled back;
--   doubt: not taken: older than what is known here, or the same number with other content;
--   what would go to a key that is no list is among the dead instead
-- include clock run attempts outputs
local LANDED, lane, epoch, number, lines = KEYS[8], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local NOTHING = '0 0 - 0'
local known = redis.call('HGET', LANDED, lane) or NOTHING
local lastEpoch, lastNumber, lastFingerprint = string.match(known, '^(%d+) (%d+) (%S+)')
lastEpoch, lastNumber = tonumber(lastEpoch) or 0, tonumber(lastNumber) or 0

-- Says that this run may note the batch, before it has any of it; also a write for WAIT, where the batch is here already
-- and may not be at the replicas yet.
redis.call('HSET', LANDED, lane, known)
if epoch == lastEpoch and number == lastNumber and ARGV[4] == lastFingerprint then return { 'duplicate', ARGV[2] } end
if epoch < lastEpoch or (epoch == lastEpoch and number <= lastNumber) then
  return { 'doubt', string.format('%.0f', lastEpoch) }
end

-- Whatever can fail fails here, for it changes nothing: a batch that arrived in part would arrive again with every try.
redis.call('HINCRBY', COUNTS, ARGV[6] .. ' sent', 0)
redis.call('INCR', SERIAL)
redis.call('HLEN', GRAVES)
for _, registry in ipairs({ QUEUES, OUTBOXES, DEAD }) do redis.call('ZADD', registry, 'XX', 0, '') end

-- A line whose key holds something else: what deliver would push there is among the dead instead.
local answer, isNoList = { 'landed', ARGV[2] }, {}
for line = 1, lines do
  local length = redis.pcall('LLEN', KEYS[8 + line])
  if type(length) == 'table' then
    if not string.find(length.err, 'WRONGTYPE', 1, true) then error(length) end
    isNoList[line] = true
    answer[#answer + 1] = ARGV[5 + line]
  end
end
local group, toFront = 7 + lines, false
while ARGV[group] do
  if isNoList[tonumber(ARGV[group + 1])] and ARGV[group] ~= 'dead' then
    ARGV[group], ARGV[group + 2] = 'dead', '{"why":"the key of its queue is no list"}'
  end
  toFront = toFront or ARGV[group] == 'front' or ARGV[group] == 'upFront'
  group = group + 5 + ARGV[group + 4]
end
-- A push has no form that changes nothing. Where both kinds are needed, they are tried on a key that takes neither.
for _, command in ipairs(toFront and { 'LPUSH', 'RPUSH' } or {}) do
  local refusal = redis.pcall(command, LANDED, '')
  if not string.find(refusal.err, 'WRONGTYPE', 1, true) then error(refusal) end
end

local joins = (number == 1 and lastEpoch == 0) or (epoch == lastEpoch and number == lastNumber + 1)
local at = now()
deliver(6 + lines, 5, 8, at)
redis.call('HSET', LANDED, lane, ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. string.format('%.0f', at))
if not joins then answer[1] = 'gap' end
return answer
