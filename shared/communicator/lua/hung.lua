-- purpose: tells which holders hang: they beat, and their main loop has not turned since a marble of theirs was over
--   its time limit. A holder whose loop has turned since, or that is no holder any more, is forgotten.
-- KEYS: HOLDERS; OVERRAN; then holder (one for each)
-- ARGV: the holders
-- returns: for each that hangs {holder, ms since a marble was over its limit, how long its loop has been blocked}
-- include clock args
local HOLDERS, OVERRAN = unpack(KEYS, 1, 2)
keysRead, argsRead = 2, 0
local at, hung = now(), {}

-- Returns nothing where somebody has put something else in the place of a holder, so that the others are told of.
local function noted(key)
  local fields = redis.pcall('HMGET', key, 'leaseMs', 'blockedMs')
  if not fields.err then return tonumber(fields[1]), tonumber(fields[2]) end
  if not string.find(fields.err, 'WRONGTYPE', 1, true) then error(fields) end
end

-- The note about the loop is as old as the latest beat. Before the first beat since then nothing is known.
local function isHung(since, ends, leaseMs, blockedMs)
  local heardAt = ends - (leaseMs or 0)
  if heardAt <= since then return nil end
  return (blockedMs or 0) > 0 and heardAt - blockedMs <= since
end

while argsRead < #ARGV do
  local holder, key = nextArgs(1), KEYS[nextKeys(1) + 1]
  local since = tonumber(redis.call('ZSCORE', OVERRAN, holder))
  local ends = tonumber(redis.call('ZSCORE', HOLDERS, holder))
  local leaseMs, blockedMs = noted(key)
  local hangs = ends and since and isHung(since, ends, leaseMs, blockedMs)
  if hangs and ends > at then
    hung[#hung + 1] = { holder, at - since, blockedMs }
  elseif not ends or hangs == false then
    redis.call('ZREM', OVERRAN, holder)
  end
end
return hung
