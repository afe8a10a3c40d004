-- purpose: counts members of batches in a part of a list, of the delayed, or of what a holder holds, for the audit of
--   batches. It reads in pieces, because what is read is copied.
-- KEYS: PLACE: queue, outbox, inbox, later or held
-- ARGV: from: where to begin; most: how many to look at; mostBytes: about how many bytes; then the batches that are
--       asked for
-- returns: {the place to go on at ('-1': that was the last), how many members of each batch}
-- include args
local PLACE = KEYS[1]
local from, most, mostBytes = unpack(ARGV, 1, 3)
keysRead, argsRead = 1, 3
local PIECE = 32
local place, looked, bytes, asked, found = from, 0, 0, {}, {}
while argsRead < #ARGV do
  found[#found + 1] = 0
  asked[nextArgs(1)] = #found
end

local function look(marble)
  looked = looked + 1
  bytes = bytes + #marble
  local stop = string.find(marble, '\n', 1, true)
  local id = stop and string.match(string.sub(marble, 1, stop), ' B=(%S+)')
  if id and asked[id] then found[asked[id]] = found[asked[id]] + 1 end
end

-- The place in a hash is the cursor of its scan.
local function pieceOfHash()
  local next, flat = unpack(redis.call('HSCAN', PLACE, place, 'COUNT', PIECE))
  for i = 2, #flat, 2 do look(flat[i]) end
  place = next == '0' and '-1' or next
end

local function piece(isList)
  local last = place + PIECE - 1
  local some = isList and redis.call('LRANGE', PLACE, place, last) or redis.call('ZRANGE', PLACE, place, last)
  for _, marble in ipairs(some) do look(marble) end
  place = #some < PIECE and '-1' or tostring(place + PIECE)
end

local kind = redis.call('TYPE', PLACE).ok
while place ~= '-1' and looked < tonumber(most) and bytes < tonumber(mostBytes) do
  if kind == 'hash' then
    pieceOfHash()
  elseif kind == 'list' or kind == 'zset' then
    piece(kind == 'list')
  else
    place = '-1'
  end
end
return { place, found }
