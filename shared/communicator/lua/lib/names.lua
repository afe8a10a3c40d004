-- Names that come out of Redis may have been written by no client of ours. A name that is not allowed cannot go to a
-- client and come back as the key of its queue.
local function isQueue(name)
  return name ~= nil and #name <= 128 and string.find(name, '^[%w._:/-]+$') ~= nil
end

-- Returns the name under which the dead letters show marbles with such a name.
local function shownQueue(name)
  if not name or name == '' then return '-' end
  return (string.gsub(string.sub(name, 1, 128), '[^%w._:/-]', '_'))
end
