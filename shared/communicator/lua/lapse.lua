-- purpose: ends the leases of holders whose heart has been gone for too long, as if they had passed. The sweep then
--   brings back what they hold. The script looks at the heart again in the same atomic step, because it may have come
--   back since a Monitor saw it gone.
-- KEYS: HOLDERS; HEARTS; then holder (one for each)
-- ARGV: server: the server that was asked; then the holders
-- returns: how many leases ended
-- include clock args hearts
local HOLDERS, HEARTS = unpack(KEYS, 1, 2)
local server = ARGV[1]
keysRead, argsRead = 2, 1
local at, over, ended = now(), {}, 0

local function isGone(heart)
  if over[heart] == nil then over[heart] = isOver(readHeart(HEARTS, heart), server) end
  return over[heart]
end

-- Returns nil also where somebody has put something else in the place of a holder, so that the others go on.
local function heartOf(key)
  local heart = redis.pcall('HGET', key, 'heart')
  if type(heart) ~= 'table' then return heart or nil end
  if not string.find(heart.err, 'WRONGTYPE', 1, true) then error(heart) end
  return nil
end

while argsRead < #ARGV do
  local holder, key = nextArgs(1), KEYS[nextKeys(1) + 1]
  local heart = heartOf(key)
  local ends = heart and isGone(heart) and tonumber(redis.call('ZSCORE', HOLDERS, holder))
  if ends and ends > at then
    redis.call('HSET', key, 'by', string.format('connection %.0f', at)) -- the sweep tells it with what it brings back
    redis.call('ZADD', HOLDERS, at, holder)
    ended = ended + 1
  end
end
return ended
