-- purpose: notes of hearts whether Redis still knows their connections, and for how long it has not. Only what was seen on
--   this server can be gone from it. The time between two looks counts for half of what is allowed at the most: while
--   nobody could look, perhaps nobody could come back either.
-- KEYS: 1 hearts
-- ARGV: 1 the server that was asked, 2 ms after which a heart is forgotten that no look of this server has seen, then of each: heart,
--       its connection as it was read, 'there' or 'gone' by this server's list, or 'over': the leases of its holders have ended
-- returns: for each the ms until it has been gone for too long (0: it has), or -1 where it is not gone
-- include clock hearts
local HEARTS, server, keepMs, at = KEYS[1], ARGV[1], tonumber(ARGV[2]), now()

local function isThere(heart, is)
  is.server, is.gone, is.lookedAt = server, 0, 0
  writeHeart(HEARTS, heart, is)
  return -1
end

local function isGone(heart, is)
  if is.server ~= server then
    if at - is.notedAt > keepMs then redis.call('HDEL', HEARTS, heart) end
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
for i = 3, #ARGV, 3 do
  local heart, connection, what = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local is, ms = readHeart(HEARTS, heart), -1
  if not is then
    redis.call('HDEL', HEARTS, heart)
  elseif is.connection == connection then -- else it has come back by another one
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
