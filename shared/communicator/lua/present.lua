-- purpose: counts members of batches in a part of a list, of the delayed, or of what a holder holds, for the audit of batches.
--   In pieces, because what is read is copied.
-- KEYS: 1 queue, outbox, landing, later or held
-- ARGV: 1 the place to begin at, 2 most to look at, 3 most bytes, about, then the batches that are asked for
-- returns: {the place to go on at ('-1': that was the last), how many of each batch}
local PIECE = 32
local place, looked, bytes, asked, found = ARGV[1], 0, 0, {}, {}
for i = 4, #ARGV do
  asked[ARGV[i]] = i - 3
  found[i - 3] = 0
end

local function look(marble)
  looked = looked + 1
  bytes = bytes + #marble
  local stop = string.find(marble, '\n', 1, true)
  local id = stop and string.match(string.sub(marble, 1, stop), ' B=(%S+)')
  if id and asked[id] then found[asked[id]] = found[asked[id]] + 1 end
end

-- Of a hash the place is the cursor of its scan.
local function pieceOfHash()
  local next, flat = unpack(redis.call('HSCAN', KEYS[1], place, 'COUNT', PIECE))
  for i = 2, #flat, 2 do look(flat[i]) end
  place = next == '0' and '-1' or next
end

local function piece(isList)
  local last = place + PIECE - 1
  local some = isList and redis.call('LRANGE', KEYS[1], place, last) or redis.call('ZRANGE', KEYS[1], place, last)
  for _, marble in ipairs(some) do look(marble) end
  place = #some < PIECE and '-1' or tostring(place + PIECE)
end

local kind = redis.call('TYPE', KEYS[1]).ok
while place ~= '-1' and looked < tonumber(ARGV[2]) and bytes < tonumber(ARGV[3]) do
  if kind == 'hash' then
    pieceOfHash()
  elseif kind == 'list' or kind == 'zset' then
    piece(kind == 'list')
  else
    place = '-1'
  end
end
return { place, found }
