-- purpose: names the large data that marbles in a part of a place refer to, for the search for data that nobody needs
--   any more.
-- KEYS: PLACE: queue, outbox, transit, inbox, later, held or letters
-- ARGV: from: where to begin; most: how many to look at; mostBytes: about how many bytes
-- returns: {the place to go on at ('-1': that was the last), name of large data, ...}
-- include pieces
local PLACE = KEYS[1]
local from, most, mostBytes = unpack(ARGV, 1, 3)
local answer = { '' }
-- Nothing follows the last header of an entry that refers to data: a letter has another line before that.
answer[1] = lookFrom(PLACE, from, most, mostBytes, function(marble)
  local name = string.byte(marble, -1) == 10 and string.match(marble, ' D=(%S+)/%d+[^\n]*\n$')
  if name then answer[#answer + 1] = name end
end)
return answer
