-- purpose: ends the leases of holders whose heart has been gone for too long, as if they had passed; the sweep then brings back
--   what they hold. Looked at again here, in the same atomic step: it may have come back since a Monitor saw that.
-- KEYS: 1 holders, 2 hearts, 3.. holder (one for each)
-- ARGV: 1 the server that was asked, then the holders
-- returns: how many leases ended
-- include clock hearts
local at, over, ended = now(), {}, 0

local function isGone(heart)
  if over[heart] == nil then over[heart] = isOver(readHeart(KEYS[2], heart), ARGV[1]) end
  return over[heart]
end

-- Nil also where somebody has put something else in the place of a holder: the others go on.
local function heartOf(key)
  local heart = redis.pcall('HGET', key, 'heart')
  if type(heart) ~= 'table' then return heart or nil end
  if not string.find(heart.err, 'WRONGTYPE', 1, true) then error(heart) end
  return nil
end

for i = 2, #ARGV do
  local holder, key = ARGV[i], KEYS[i + 1]
  local heart = heartOf(key)
  local ends = heart and isGone(heart) and tonumber(redis.call('ZSCORE', KEYS[1], holder))
  if ends and ends > at then
    redis.call('HSET', key, 'by', string.format('connection %.0f', at)) -- told with what it brings back
    redis.call('ZADD', KEYS[1], at, holder)
    ended = ended + 1
  end
end
return ended
