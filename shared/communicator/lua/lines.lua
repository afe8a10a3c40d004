-- purpose: the length and the next marble's header of many lists, without moving their data.
-- KEYS: lists
-- ARGV: -
-- returns: for each list: length, header (nil where empty); of a key that is no list, as if it were empty
local answer = {}
for i, key in ipairs(KEYS) do
  local length = redis.pcall('LLEN', key)
  if type(length) == 'table' then
    if not string.find(length.err, 'WRONGTYPE', 1, true) then error(length) end
    length = 0
  end
  local next = length > 0 and redis.call('LINDEX', key, -1)
  answer[2 * i - 1] = length
  answer[2 * i] = next and string.sub(next, 1, string.find(next, '\n', 1, true)) or false
end
return answer
