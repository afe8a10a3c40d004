-- purpose: is the upper end of a lane. It takes each transit exactly once, by its epoch and number.
-- KEYS: run; WATCHED; LANDED; ABSENT: a key that is not there, for trials; then the list of each line, then the wake-up
--       of each, then the keys of large data, which were set before with a time to live
-- ARGV: lane: its id; epoch; number; fingerprint; then lines, their queues, the number of groups, and the groups
--       (lib/outputs): first those that are pushed, then those that are dead
-- returns: {'landed' | 'gap' | 'duplicate' | 'doubt' | 'absent', epoch known here, queue whose key is no list, ...}
--   gap: the transit was taken, but does not join what this run knew of the lane: some state was lost or rolled back;
--   doubt: the transit was not taken: it is older than what is known here, or has the same number with other content;
--   marbles that would go to a key that is no list are among the dead instead;
--   absent: the transit was not taken either: some of its large data is not there
-- include clock run args wake pushing outputs
local LANDED, ABSENT = unpack(KEYS, 9, 10)
local lane, epoch, number, fingerprint = unpack(ARGV, 1, 4)
keysRead, argsRead = 10, 4
local lines, names = nextList()
local lists = nextLists(lines)
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

for i = keysRead + 1, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then return { 'absent', epoch } end
end
-- Commands that can fail are tried here, in forms that change nothing: a transit that arrived in part would arrive
-- again with every try.
redis.call('HINCRBY', COUNTS, ARGV[names + 1] .. ' sent', 0)
redis.call('INCR', SERIAL)
redis.call('HLEN', LETTERS)
if keysRead < #KEYS then redis.call('PERSIST', ABSENT) end
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
-- A push has no form that changes nothing. Where something is done before the last kind of push, be it another push or
-- that large data last, both kinds are tried on a key that takes neither.
for _, command in ipairs((toFront or keysRead < #KEYS) and { 'LPUSH', 'RPUSH' } or {}) do
  local refusal = redis.pcall(command, LANDED, '')
  if not string.find(refusal.err, 'WRONGTYPE', 1, true) then error(refusal) end
end

local joins = (tonumber(number) == 1 and lastEpoch == 0) or (sameEpoch and difference == 1)
local at = now()
for i = keysRead + 1, #KEYS do redis.call('PERSIST', KEYS[i]) end
deliver(names, lists, at)
redis.call('HSET', LANDED, lane, epoch .. ' ' .. number .. ' ' .. fingerprint .. ' ' .. string.format('%.0f', at))
if not joins then answer[1] = 'gap' end
return answer
