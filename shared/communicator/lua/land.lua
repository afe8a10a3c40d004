-- purpose: the upper end of a lane: takes each batch exactly once, by its epoch and number.
-- KEYS: 1-7 run, 8 landed, 9.. the list of each line
-- ARGV: 1 lane id, 2 epoch, 3 number, 4 fingerprint, 5 lines, then their queues, then the number of groups,
--       then the groups (lib/outputs)
-- returns: {'landed' | 'gap' | 'duplicate' | 'doubt', epoch known here}
--   gap: taken, but what this run knew of the lane and what came do not join: some state was lost or rolled back;
--   doubt: not taken: older than what is known here, or the same number with other content
-- include clock run attempts outputs
local epoch, number, lines = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local known = redis.call('HGET', KEYS[8], ARGV[1])
local lastEpoch, lastNumber, lastFingerprint = string.match(known or '', '^(%d+) (%d+) (%S+)')
lastEpoch, lastNumber = tonumber(lastEpoch) or 0, tonumber(lastNumber) or 0

if epoch == lastEpoch and number == lastNumber and ARGV[4] == lastFingerprint then
  redis.call('HSET', KEYS[8], ARGV[1], known) -- a write, for WAIT: the batch may not be at the replicas yet
  return { 'duplicate', ARGV[2] }
end
if epoch < lastEpoch or (epoch == lastEpoch and number <= lastNumber) then
  return { 'doubt', string.format('%.0f', lastEpoch) }
end
local joins = number == 1 and not known or (epoch == lastEpoch and number == lastNumber + 1)
local at = now()
deliver(6 + lines, 5, 8, at)
redis.call('HSET', KEYS[8], ARGV[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. string.format('%.0f', at))
return { joins and 'landed' or 'gap', ARGV[2] }
