-- Outputs, as send, swap and land take them: groups of ARGV values
--   kind   back | front | up | later | dead
--   line   i: the queue ARGV[names + i], whose list is KEYS[lists + i] (for `up` its outbox)
--   extra  later: the delay in ms; dead: the reason as JSON; else ''
--   n      how many envelopes follow
-- Groups of one line are gathered, so that each line costs one push however many marbles sent to it.
local gathered, order = {}, {}

-- Reads (or, with keep == false, passes over) `groups` groups from ARGV[i]; returns the next index.
local function gather(i, groups, keep)
  for _ = 1, groups do
    local kind, line, extra, n = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
    if keep then
      local name = kind .. ' ' .. line .. ' ' .. extra
      local group = gathered[name]
      if not group then
        group = { kind = kind, line = tonumber(line), extra = extra, envelopes = {} }
        gathered[name] = group
        order[#order + 1] = group
      end
      local envelopes = group.envelopes
      for j = i + 4, i + 3 + n do envelopes[#envelopes + 1] = ARGV[j] end
    end
    i = i + 4 + n
  end
  return i
end

local function deliver(names, lists, at)
  for _, group in ipairs(order) do
    local queue, key, envelopes = ARGV[names + group.line], KEYS[lists + group.line], group.envelopes
    if group.kind == 'back' then
      pushBack(queue, key, QUEUES, envelopes, at)
    elseif group.kind == 'front' then
      local lastFirst, n = {}, #envelopes
      for i = 1, n do lastFirst[i] = envelopes[n + 1 - i] end
      pushFront(queue, key, lastFirst, at)
    elseif group.kind == 'up' then
      pushBack(queue, key, OUTBOXES, envelopes, at)
      redis.call('ZADD', QUEUES, at, queue) -- so that its counts are shown
    elseif group.kind == 'later' then
      for _, envelope in ipairs(envelopes) do pushLater(queue, 'b', envelope, at + tonumber(group.extra)) end
    elseif group.kind == 'dead' then
      for _, envelope in ipairs(envelopes) do bury(queue, envelope, group.extra, at) end
      redis.call('ZADD', QUEUES, at, queue) -- likewise
    end
    count(queue, group.kind == 'up' and 'elevated' or 'sent', #envelopes)
  end
end
