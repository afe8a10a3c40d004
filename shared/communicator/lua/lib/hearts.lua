-- A heart is the heartbeat of a process with a connection of its own. Its field holds these words: the id by which
-- Redis knows that connection, its address, how many ms it may be gone, when that was noted, the server that a
-- Monitor has seen it on (`-`: none), how many ms it has been gone, and when that was last looked at (0: it is not
-- gone).
local HEART = '^(%d+) (%S+) (%d+) (%d+) (%S+) (%d+) (%d+)$'

-- Reads a heart. Returns nil where there is none, or where something else lies there.
local function readHeart(hearts, heart)
  local text = redis.call('HGET', hearts, heart)
  local id, address, goneMs, notedAt, server, gone, lookedAt = string.match(text or '', HEART)
  if not id then return nil end
  return {
    connection = id .. ' ' .. address, goneMs = tonumber(goneMs), notedAt = tonumber(notedAt),
    server = server, gone = tonumber(gone), lookedAt = tonumber(lookedAt),
  }
end

local function writeHeart(hearts, heart, is)
  local numbers = string.format('%.0f %.0f', is.goneMs, is.notedAt)
  redis.call('HSET', hearts, heart, is.connection .. ' ' .. numbers .. ' ' .. is.server
    .. string.format(' %.0f %.0f', is.gone, is.lookedAt))
end

-- Tells whether a heart was gone for as long as it may be, by the server that this Monitor asks.
local function isOver(is, server)
  return is ~= nil and is.server == server and is.gone >= is.goneMs
end
