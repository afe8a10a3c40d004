-- purpose: moves delayed marbles that are due into their queues, in steps bounded by number and bytes. Each is moved
--   by itself, in the order in which they are due, so it makes no difference where the steps end. Marbles that were
--   given back together came last taken first: the one taken first is again the first, as without a delay. An entry
--   that is no delayed marble, or has no allowed queue, goes to the dead.
-- KEYS: run; WATCHED; then the list of each line, then the wake-up of each, then the five keys of batches
-- ARGV: most: marbles; mostBytes; then lines, their queues
-- returns: {moved, dead, '1' if more are due, queue, ...}. Where queues are told, they are missing among the lines
--   and nothing was done
-- include clock run args wake pushing lines names due batch-keys batches booking
local most, mostBytes = unpack(ARGV, 1, 2)
keysRead, argsRead = 8, 2
local at, keys = now(), nextLines(nextLists)
local members, more = dueMembers(at, tonumber(most), tonumber(mostBytes))
local due, answer, unknown = {}, { 0, 0, more }, {}
for i, member in ipairs(members) do
  due[i] = readDue(member)
  local queue = due[i].queue
  if not due[i].wrong and not keys[queue] and not unknown[queue] then
    unknown[queue] = true
    answer[#answer + 1] = queue
  end
end
if #answer > 3 or #due == 0 then return answer end

local function move(marble)
  if marble.wrong then
    addLetter(marble.queue, marble.envelope, '{"why":"unreadable","error":{"message":"' .. marble.wrong .. '"}}', at)
    redis.call('ZADD', QUEUES, at, marble.queue) -- so that its counts are shown
  elseif marble.front then
    pushFront(marble.queue, keys[marble.queue], { marble.envelope }, at)
  else
    pushBack(marble.queue, keys[marble.queue], QUEUES, at, { marble.envelope })
  end
end

-- Removal is tried on nothing, before anything is put: a marble that cannot be removed would be put again with every
-- turn.
redis.call('ZREMRANGEBYRANK', LATER, 1, 0)
for _, marble in ipairs(due) do
  move(marble)
  redis.call('ZREMRANGEBYRANK', LATER, 0, 0) -- removes this one: none is due before it
  local moved = marble.wrong and 2 or 1
  answer[moved] = answer[moved] + 1
end
batches.bookOwed(at)
return answer
