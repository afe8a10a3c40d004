-- The keys of batches come last in a script that needs them.
local BATCHES, BATCHDEAD, CHILDREN, CANCELLED, BATCHENDS = unpack(KEYS, #KEYS - 4)

local function batchField(id, what)
  return id .. ' ' .. what
end
