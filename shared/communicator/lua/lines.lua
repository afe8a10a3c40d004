-- purpose: the length and the next marble's header of many lists, without moving their data, and what is counted of each.
-- KEYS: 1 counts, 2.. lists
-- ARGV: 1 events, then their names, then the queue of each list
-- returns: for each list: length, header (nil where empty), a number for each event as one text ('12 0 3'); of a key that
--   is no list, as if it were empty
local events = tonumber(ARGV[1])
local function counted(queue)
  if events == 0 then return '' end
  local fields = {}
  for i = 1, events do fields[i] = queue .. ' ' .. ARGV[1 + i] end
  local counts = redis.call('HMGET', KEYS[1], unpack(fields))
  for i = 1, events do counts[i] = counts[i] or '0' end
  return table.concat(counts, ' ')
end

local answer = {}
for i = 1, #KEYS - 1 do
  local key = KEYS[1 + i]
  local length = redis.pcall('LLEN', key)
  if type(length) == 'table' then
    if not string.find(length.err, 'WRONGTYPE', 1, true) then error(length) end
    length = 0
  end
  local next = length > 0 and redis.call('LINDEX', key, -1)
  answer[3 * i - 2] = length
  answer[3 * i - 1] = next and string.sub(next, 1, string.find(next, '\n', 1, true)) or false
  answer[3 * i] = counted(ARGV[1 + events + i])
end
return answer
