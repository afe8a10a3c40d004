-- purpose: notes for each heart whether Redis still knows its connection, and for how long it has not. A connection
--   can be gone from this server only if it was seen on it before. The time between two looks counts for at most half
--   of what is allowed: while nobody could look, perhaps nobody could come back either.
-- KEYS: HEARTS
-- ARGV: server: the server that was asked; keepMs: ms after which a heart is forgotten that no look at this server
--       has seen; then for each: heart, its connection as it was read, and 'there' or 'gone' by this server's list,
--       or 'over' where the leases of its holders have ended
-- returns: for each heart the ms until it has been gone for too long (0: it has), or -1 where it is not gone
-- include clock args hearts
local HEARTS = KEYS[1]
local server, keepMs = unpack(ARGV, 1, 2)
keysRead, argsRead = 1, 2
local at = now()

local function isThere(heart, is)
  is.server, is.gone, is.lookedAt = server, 0, 0
  writeHeart(HEARTS, heart, is)
  return -1
end

local function isGone(heart, is)
  if is.server ~= server then
    if at - is.notedAt > tonumber(keepMs) then redis.call('HDEL', HEARTS, heart) end
    return -1
  end
  if is.lookedAt > 0 then
    is.gone = is.gone + math.min(math.max(0, at - is.lookedAt), is.goneMs / 2)
  end
  is.lookedAt = at
  writeHeart(HEARTS, heart, is)
  return math.max(0, math.ceil(is.goneMs - is.gone))
end

local left = {}
while argsRead < #ARGV do
  local heart, connection, what = nextArgs(3)
  local is, ms = readHeart(HEARTS, heart), -1
  if not is then
    redis.call('HDEL', HEARTS, heart)
  elseif is.connection == connection then -- otherwise it has come back by another one
    if what == 'over' then
      if isOver(is, server) then redis.call('HDEL', HEARTS, heart) end
    elseif what == 'there' then
      ms = isThere(heart, is)
    else
      ms = isGone(heart, is)
    end
  end
  left[#left + 1] = ms
end
return left
