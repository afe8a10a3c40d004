-- Reads lines as recovery takes them: their number and names come next among the arguments, and as many next among
-- the keys. Returns queue name -> key, and the place of the names.
local function nextLines()
  local n, names = nextList()
  local keys, lists = {}, nextKeys(n)
  for i = 1, n do keys[ARGV[names + i]] = KEYS[lists + i] end
  return keys, names
end
