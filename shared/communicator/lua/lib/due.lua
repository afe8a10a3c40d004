-- Delayed marbles that are due, as lib/run writes them: '<serial> <f or b> <queue> <envelope>'.

-- Returns the first of them, up to `most` and about `mostBytes`, and '1' if there may be more. It reads in pieces, by
-- the size of those before, because what is read is copied.
local function dueMembers(at, most, mostBytes)
  local members, bytes = {}, 0
  while #members < most and bytes < mostBytes do
    local fitting = #members == 0 and 1 or math.ceil((mostBytes - bytes) * #members / bytes)
    local piece = math.min(most - #members, fitting, 32) -- small ones may be followed by large ones
    local some = redis.call('ZRANGEBYSCORE', LATER, '-inf', at, 'LIMIT', #members, piece)
    for _, member in ipairs(some) do
      members[#members + 1] = member
      bytes = bytes + #member
    end
    if #some < piece then return members, '0' end
  end
  return members, '1'
end

local function readDue(member)
  local _, stop, side, queue = string.find(member, '^%d+ ([fb]) (%S+) ')
  if not stop then return { queue = '-', envelope = member, wrong = 'this was no delayed marble' } end
  local envelope = string.sub(member, stop + 1)
  if isQueue(queue) then return { queue = queue, envelope = envelope, front = side == 'f' } end
  return { queue = shownQueue(queue), envelope = envelope, wrong = 'its queue has no allowed name' }
end
