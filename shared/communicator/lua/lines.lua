-- purpose: the length and the next marble's header of many lists, without moving their data.
-- KEYS: lists
-- ARGV: -
-- returns: for each list: length, header (nil where empty)
local answer = {}
for i, key in ipairs(KEYS) do
  local next = redis.call('LINDEX', key, -1)
  answer[2 * i - 1] = redis.call('LLEN', key)
  answer[2 * i] = next and string.sub(next, 1, string.find(next, '\n', 1, true)) or false
end
return answer
