-- purpose: counts members of batches in a part of a list, of the delayed, or of what a holder holds, for the audit of
--   batches.
-- KEYS: PLACE: queue, outbox, inbox, later or held
-- ARGV: from: where to begin; most: how many to look at; mostBytes: about how many bytes; then the batches that are
--       asked for
-- returns: {the place to go on at ('-1': that was the last), how many members of each batch}
-- include args pieces
local PLACE = KEYS[1]
local from, most, mostBytes = unpack(ARGV, 1, 3)
keysRead, argsRead = 1, 3
local asked, found = {}, {}
while argsRead < #ARGV do
  found[#found + 1] = 0
  asked[nextArgs(1)] = #found
end

local next = lookFrom(PLACE, from, most, mostBytes, function(marble)
  local stop = string.find(marble, '\n', 1, true)
  local id = stop and string.match(string.sub(marble, 1, stop), ' B=(%S+)')
  if id and asked[id] then found[asked[id]] = found[asked[id]] + 1 end
end)
return { next, found }
