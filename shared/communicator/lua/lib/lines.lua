-- Reads lines as recovery takes them: their number and names come next among the arguments, and their keys next among
-- the keys, which `next` reads (lib/args where each has one, or lib/pushing). Returns queue name -> key, and the place of
-- the names.
local function nextLines(next)
  local n, names = nextList()
  local keys, lists = {}, next(n)
  for i = 1, n do keys[ARGV[names + i]] = KEYS[lists + i] end
  return keys, names
end
