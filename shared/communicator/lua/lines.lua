-- purpose: the length and the next marble's header of many lists, without moving their data. What is no list counts as empty.
-- KEYS: lists
-- ARGV: -
-- returns: for each list: length, header (nil where empty)
local answer = {}
for i, key in ipairs(KEYS) do
  local length, next = redis.pcall('LLEN', key), nil
  if type(length) == 'number' then
    next = redis.call('LINDEX', key, -1)
  elseif string.find(length.err, 'WRONGTYPE', 1, true) then
    length = 0
  else
    error(length)
  end
  answer[2 * i - 1] = length
  answer[2 * i] = next and string.sub(next, 1, string.find(next, '\n', 1, true)) or false
end
return answer
