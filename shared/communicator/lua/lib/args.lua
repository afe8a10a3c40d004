-- Reads what follows the keys and arguments that have a name, in its order. A script that includes this says first
-- how many have one (`keysRead, argsRead = 12, 12`).
-- Lists stay where they lie, in ARGV and KEYS. A list is told as its length and its place. The first value lies
-- behind the place: ARGV[place + 1].
local keysRead, argsRead

local function nextArgs(n)
  argsRead = argsRead + n
  return unpack(ARGV, argsRead - n + 1, argsRead)
end

-- Returns the place of the next `n` arguments.
local function nextPlace(n)
  argsRead = argsRead + n
  return argsRead - n
end

-- Reads a list that has its length before it. Returns its length and its place.
local function nextList()
  local n = tonumber(ARGV[argsRead + 1])
  argsRead = argsRead + 1 + n
  return n, argsRead - n
end

-- Returns the place of the next `n` keys.
local function nextKeys(n)
  keysRead = keysRead + n
  return keysRead - n
end
