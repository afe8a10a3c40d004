-- A heart is the heartbeat of a process with a connection of its own. Its field holds these words: the id by which
-- Redis knows that connection, its address, how many ms it may be gone (0: for ever), when that was noted, the server
-- that a Monitor has seen it on (`-`: none), how many ms it has been gone, when that was last looked at (0: it is not
-- gone), and the container that the process is in (`-`: none).
local HEART = '^(%d+) (%S+) (%d+) (%d+) (%S+) (%d+) (%d+) (%S+)$'

-- Reads a heart. Returns nil where there is none, or where something else lies there.
local function readHeart(hearts, heart)
  local text = redis.call('HGET', hearts, heart)
  local id, address, goneMs, notedAt, server, gone, lookedAt, container = string.match(text or '', HEART)
  if not id then return nil end
  return {
    connection = id .. ' ' .. address, goneMs = tonumber(goneMs), notedAt = tonumber(notedAt),
    server = server, gone = tonumber(gone), lookedAt = tonumber(lookedAt), container = container,
  }
end

local function writeHeart(hearts, heart, is)
  local numbers = string.format('%.0f %.0f', is.goneMs, is.notedAt)
  redis.call('HSET', hearts, heart, is.connection .. ' ' .. numbers .. ' ' .. is.server
    .. string.format(' %.0f %.0f ', is.gone, is.lookedAt) .. is.container)
end

-- Tells whether this Monitor's server has shown the heart's connection, and shows it no more.
local function isMissed(is, server)
  return is ~= nil and is.server == server and is.lookedAt > 0
end

-- Returns the ms that a heart may be gone. `endedMs` bounds them where its container is said to have ended.
local function mayBeGoneMs(is, endedMs)
  return math.min(is.goneMs > 0 and is.goneMs or math.huge, endedMs or math.huge)
end
