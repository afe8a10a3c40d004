-- purpose: notes for each heart whether Redis still knows its connection, and for how long it has not. A connection
--   can be gone from this server only if it was seen on it before. The time between two looks counts for at most half
--   of what is allowed: while nobody could look, perhaps nobody could come back either.
-- KEYS: HEARTS
-- ARGV: server: the server that was asked; keepMs: ms after which a heart is forgotten that no look at this server
--       has seen; endedMs: the ms that one may be gone whose container has ended; then for each: heart, its connection
--       as it was read, and 'there' or 'gone' by this server's list, 'ended' where it is gone and its container has
--       ended, or 'over' where the leases of its holders have ended
-- returns: for each heart the ms until it has been gone for too long (0: it has), or -1 where it is not gone, or may be
--   for ever
-- include clock args hearts
local HEARTS = KEYS[1]
local server, keepMs, endedMs = unpack(ARGV, 1, 3)
keysRead, argsRead = 1, 3
local at = now()

local function isThere(heart, is)
  is.server, is.gone, is.lookedAt = server, 0, 0
  writeHeart(HEARTS, heart, is)
  return -1
end

local function isGone(heart, is, allowedMs)
  if is.server ~= server then
    if at - is.notedAt > tonumber(keepMs) then redis.call('HDEL', HEARTS, heart) end
    return -1
  end
  if is.lookedAt > 0 then
    is.gone = is.gone + math.min(math.max(0, at - is.lookedAt), allowedMs / 2)
  end
  is.lookedAt = at
  writeHeart(HEARTS, heart, is)
  if allowedMs == math.huge then return -1 end
  return math.max(0, math.ceil(allowedMs - is.gone))
end

local left = {}
while argsRead < #ARGV do
  local heart, connection, what = nextArgs(3)
  local is, ms = readHeart(HEARTS, heart), -1
  if not is then
    redis.call('HDEL', HEARTS, heart)
  elseif is.connection == connection then -- otherwise it has come back by another one
    if what == 'over' then
      if isMissed(is, server) then redis.call('HDEL', HEARTS, heart) end
    elseif what == 'there' then
      ms = isThere(heart, is)
    else
      ms = isGone(heart, is, mayBeGoneMs(is, what == 'ended' and tonumber(endedMs)))
    end
  end
  left[#left + 1] = ms
end
return left
