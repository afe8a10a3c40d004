-- purpose: tells the length of many lists and the header of the next marble in each, without moving their data, and
--   the counts of each queue.
-- KEYS: COUNTS; then lists
-- ARGV: how many events, then their names, then the queue of each list
-- returns: for each list: its length, that header (nil where it is empty), and one text with a number for each event
--   ('12 0 3'). A key that is no list is told as if it were empty
-- include args
local COUNTS = KEYS[1]
keysRead, argsRead = 1, 0
local events, names = nextList()
local function counted(queue)
  if events == 0 then return '' end
  local fields = {}
  for i = 1, events do fields[i] = queue .. ' ' .. ARGV[names + i] end
  local counts = redis.call('HMGET', COUNTS, unpack(fields))
  for i = 1, events do counts[i] = counts[i] or '0' end
  return table.concat(counts, ' ')
end

local answer = {}
while argsRead < #ARGV do
  local queue, key = nextArgs(1), KEYS[nextKeys(1) + 1]
  local length = redis.pcall('LLEN', key)
  if type(length) == 'table' then
    if not string.find(length.err, 'WRONGTYPE', 1, true) then error(length) end
    length = 0
  end
  local next = length > 0 and redis.call('LINDEX', key, -1)
  answer[#answer + 1] = length
  answer[#answer + 1] = next and string.sub(next, 1, string.find(next, '\n', 1, true)) or false
  answer[#answer + 1] = counted(queue)
end
return answer
