-- Looks at the marbles in a part of a place: of a list, of the delayed, of what a holder holds, of the letters. It reads
-- in pieces, because what is read is copied.
local PIECE = 32

-- Returns the next place of a hash, which is the cursor of its scan.
local function pieceOfHash(key, place, look)
  local next, flat = unpack(redis.call('HSCAN', key, place, 'COUNT', PIECE))
  for i = 2, #flat, 2 do look(flat[i]) end
  return next == '0' and '-1' or next
end

local function pieceOf(kind, key, place, look)
  local last = place + PIECE - 1
  local some = kind == 'list' and redis.call('LRANGE', key, place, last) or redis.call('ZRANGE', key, place, last)
  for _, marble in ipairs(some) do look(marble) end
  return #some < PIECE and '-1' or tostring(place + PIECE)
end

-- Calls `look` for marbles from a place on, up to so many and about so many bytes. Returns the place to go on at ('-1':
-- that was the last).
local function lookFrom(key, place, most, mostBytes, look)
  local looked, bytes, kind = 0, 0, redis.call('TYPE', key).ok
  local function counted(marble)
    looked = looked + 1
    bytes = bytes + #marble
    look(marble)
  end
  while place ~= '-1' and looked < tonumber(most) and bytes < tonumber(mostBytes) do
    if kind == 'hash' then
      place = pieceOfHash(key, place, counted)
    elseif kind == 'list' or kind == 'zset' then
      place = pieceOf(kind, key, place, counted)
    else
      place = '-1'
    end
  end
  return place
end
