-- Deletes the large data of marbles that end by a script that finds them itself. The caller gives the keys that it knows
-- of: their names come next among the arguments, and as many next among the keys. A script that finds data of other
-- names does nothing and tells these. It is then called again with them too.
local dataKeys

local function nextDataKeys()
  dataKeys = nextLines(nextKeys)
end

-- Returns the names of data that these envelopes refer to and that the caller has given no key for.
local function unknownData(envelopes)
  local unknown = {}
  for _, envelope in ipairs(envelopes) do
    local name = refersTo(envelope)
    if name and not dataKeys[name] then unknown[#unknown + 1] = name end
  end
  return unknown
end

-- Deletes the data of these envelopes, which is tried on nothing (`absent`) before the marbles end.
local function tryDeletion(absent)
  if next(dataKeys) then redis.call('UNLINK', absent) end
end

local function deleteData(envelopes)
  for _, envelope in ipairs(envelopes) do
    local name = refersTo(envelope)
    if name then redis.call('UNLINK', dataKeys[name]) end
  end
end
