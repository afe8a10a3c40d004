-- purpose: ends the leases of holders whose heart has been gone for too long, as if they had passed. The sweep then
--   brings back what they hold. The script looks at the heart again in the same atomic step, because it may have come
--   back since a Monitor saw it gone.
-- KEYS: HOLDERS; HEARTS; then holder (one for each)
-- ARGV: server: the server that was asked; endedMs: the ms that a heart may be gone whose container has ended; hearts:
--       how many hearts; then for each of these its name, its connection as it was read, and what tells that it is
--       dead: 'connection' or 'docker'; then the holders
-- returns: how many leases ended
-- include clock args hearts
local HOLDERS, HEARTS = unpack(KEYS, 1, 2)
local server, endedMs, hearts = unpack(ARGV, 1, 3)
keysRead, argsRead = 2, 3
local at, over, ended = now(), {}, 0

-- Tells whether that connection is still the heart's, and has been gone for too long.
local function isOver(is, connection, by)
  return isMissed(is, server) and is.connection == connection
    and is.gone >= mayBeGoneMs(is, by == 'docker' and tonumber(endedMs))
end

-- Returns nil also where somebody has put something else in the place of a holder, so that the others go on.
local function heartOf(key)
  local heart = redis.pcall('HGET', key, 'heart')
  if type(heart) ~= 'table' then return heart or nil end
  if not string.find(heart.err, 'WRONGTYPE', 1, true) then error(heart) end
  return nil
end

for _ = 1, tonumber(hearts) do
  local heart, connection, by = nextArgs(3)
  if isOver(readHeart(HEARTS, heart), connection, by) then over[heart] = by end
end
while argsRead < #ARGV do
  local holder, key = nextArgs(1), KEYS[nextKeys(1) + 1]
  local heart = heartOf(key)
  local by = heart and over[heart]
  local ends = by and tonumber(redis.call('ZSCORE', HOLDERS, holder))
  if ends and ends > at then
    redis.call('HSET', key, 'by', string.format('%s %.0f', by, at)) -- the sweep tells it with what it brings back
    redis.call('ZADD', HOLDERS, at, holder)
    ended = ended + 1
  end
end
return ended
