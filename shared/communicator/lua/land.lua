-- purpose: is the upper end of a lane. It takes each transit exactly once, by its epoch and number.
-- KEYS: run; LANDED; then the list of each line
-- ARGV: lane: its id; epoch; number; fingerprint; then lines, their queues, the number of groups, and the groups
--       (lib/outputs): first those that are pushed, then those that are dead
-- returns: {'landed' | 'gap' | 'duplicate' | 'doubt', epoch known here, queue whose key is no list, ...}
--   gap: the transit was taken, but does not join what this run knew of the lane: some state was lost or rolled back;
--   doubt: the transit was not taken: it is older than what is known here, or has the same number with other content;
--   marbles that would go to a key that is no list are among the dead instead
-- include clock run args outputs
local LANDED = KEYS[8]
local lane, epoch, number, fingerprint = unpack(ARGV, 1, 4)
keysRead, argsRead = 8, 4
local lines, names = nextList()
local lists = nextKeys(lines)
local NOTHING = '0 0 - 0'
local known = redis.call('HGET', LANDED, lane) or NOTHING
local lastEpoch, lastNumber, lastFingerprint = string.match(known, '^(%d+) (%d+) (%S+)')
lastEpoch, lastNumber = tonumber(lastEpoch) or 0, tonumber(lastNumber) or 0

-- Tries whether this run may note the transit, before it has any of it. This is also a write for WAIT, where the transit
-- is here already and may not be at the replicas yet.
redis.call('HSET', LANDED, lane, known)
local sameEpoch, difference = tonumber(epoch) == lastEpoch, number - lastNumber
if sameEpoch and difference == 0 and fingerprint == lastFingerprint then return { 'duplicate', epoch } end
if tonumber(epoch) < lastEpoch or (sameEpoch and difference <= 0) then
  return { 'doubt', string.format('%.0f', lastEpoch) }
end

-- Commands that can fail are tried here, in forms that change nothing: a transit that arrived in part would arrive
-- again with every try.
redis.call('HINCRBY', COUNTS, ARGV[names + 1] .. ' sent', 0)
redis.call('INCR', SERIAL)
redis.call('HLEN', LETTERS)
for _, registry in ipairs({ QUEUES, OUTBOXES, DEAD }) do redis.call('ZADD', registry, 'XX', 0, '') end

-- Finds lines whose key holds something else. Marbles that deliver would push there are among the dead instead.
local answer, isNoList = { 'landed', epoch }, {}
for line = 1, lines do
  local length = redis.pcall('LLEN', KEYS[lists + line])
  if type(length) == 'table' then
    if not string.find(length.err, 'WRONGTYPE', 1, true) then error(length) end
    isNoList[line] = true
    answer[#answer + 1] = ARGV[names + line]
  end
end
local group, toFront = argsRead + 2, false
while ARGV[group] do
  local kind, line, _, _, n = unpack(ARGV, group, group + 4)
  if isNoList[tonumber(line)] and kind ~= 'dead' then
    ARGV[group], ARGV[group + 2] = 'dead', '{"why":"the key of its queue is no list"}'
  end
  toFront = toFront or ARGV[group] == 'front' or ARGV[group] == 'upFront'
  group = group + 5 + n
end
-- A push has no form that changes nothing. Where both kinds are needed, they are tried on a key that takes neither.
for _, command in ipairs(toFront and { 'LPUSH', 'RPUSH' } or {}) do
  local refusal = redis.pcall(command, LANDED, '')
  if not string.find(refusal.err, 'WRONGTYPE', 1, true) then error(refusal) end
end

local joins = (tonumber(number) == 1 and lastEpoch == 0) or (sameEpoch and difference == 1)
local at = now()
deliver(names, lists, at)
redis.call('HSET', LANDED, lane, epoch .. ' ' .. number .. ' ' .. fingerprint .. ' ' .. string.format('%.0f', at))
if not joins then answer[1] = 'gap' end
return answer
