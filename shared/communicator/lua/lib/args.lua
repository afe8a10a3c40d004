-- What follows the keys and arguments that have a name, read in its order. A script that includes this says first how many
-- have one (`keysRead, argsRead = 12, 12`).
-- Lists lie in ARGV and KEYS and stay there: of one is told how many there are and its place, behind which the first lies:
-- ARGV[place + 1].
local keysRead, argsRead

local function nextArgs(n)
  argsRead = argsRead + n
  return unpack(ARGV, argsRead - n + 1, argsRead)
end

-- The place of the next `n` arguments.
local function nextPlace(n)
  argsRead = argsRead + n
  return argsRead - n
end

-- A list with its length before it: its length, its place.
local function nextList()
  local n = tonumber(ARGV[argsRead + 1])
  argsRead = argsRead + 1 + n
  return n, argsRead - n
end

-- The place of the next `n` keys.
local function nextKeys(n)
  keysRead = keysRead + n
  return keysRead - n
end
