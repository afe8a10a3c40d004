-- Outputs, as pushAny, swap and land take them: the number of groups, then the groups, each of them
--   kind    back | front | up | upFront | later | dead
--   line    which of the lines: its queue, and the list of that (for `up` and `upFront` its outbox)
--   extra   later: the delay in ms; dead: the reason as JSON; else ''
--   owners  '' or, in the order of the envelopes: first seq, how many seqs, and how many envelopes each of them sends
--   n       how many envelopes follow
-- All that goes to a line in one way is one group. It costs one push however many marbles send to it, and is pushed as
-- it lies in ARGV.

-- Returns the envelopes of a group from ARGV[first] on whose owners are not `refused`.
local function allowed(first, owners, refused)
  local envelopes = {}
  for seq, owning, each in string.gmatch(owners, '(%d+) (%d+) (%d+)') do
    for owner = tonumber(seq), seq + owning - 1 do
      for _ = 1, tonumber(each) do
        if not refused[owner] then envelopes[#envelopes + 1] = ARGV[first] end
        first = first + 1
      end
    end
  end
  return envelopes
end

local function push(kind, queue, key, extra, envelopes, from, to, at)
  if kind == 'back' then
    pushBack(queue, key, QUEUES, at, envelopes, from, to)
  elseif kind == 'front' then
    local lastFirst = {}
    for i = to, from, -1 do lastFirst[#lastFirst + 1] = envelopes[i] end
    pushFront(queue, key, lastFirst, at)
  elseif kind == 'up' then
    pushBack(queue, key, OUTBOXES, at, envelopes, from, to)
    redis.call('ZADD', QUEUES, at, queue) -- so that its counts are shown
  elseif kind == 'upFront' then
    local lastFirst = {}
    for i = to, from, -1 do lastFirst[#lastFirst + 1] = envelopes[i] end
    pushFront(queue, key, lastFirst, at)
    redis.call('ZADD', OUTBOXES, 'NX', at, queue)
    redis.call('ZADD', QUEUES, at, queue) -- likewise
  elseif kind == 'later' then
    for i = from, to do pushLater(queue, 'b', envelopes[i], at + tonumber(extra)) end
  elseif kind == 'dead' then
    for i = from, to do addLetter(queue, envelopes[i], extra, at) end
    redis.call('ZADD', QUEUES, at, queue) -- likewise
  end
  count(queue, (kind == 'up' or kind == 'upFront') and 'elevated' or 'sent', to - from + 1)
end

-- Delivers the groups, which come next. `names` and `lists`: the places of the lines (lib/args). `refused` (nil for
-- none): seq -> true for those whose outputs are not to be sent.
local function deliver(names, lists, at, refused)
  for _ = 1, tonumber(nextArgs(1)) do
    local kind, line, extra, owners, n = nextArgs(5)
    local envelopes, from, to = ARGV, nextPlace(tonumber(n)) + 1, argsRead
    if refused and owners ~= '' then
      envelopes = allowed(from, owners, refused)
      from, to = 1, #envelopes
    end
    if large then large.keep(envelopes, from, to) end
    if to >= from then push(kind, ARGV[names + line], KEYS[lists + line], extra, envelopes, from, to, at) end
  end
end
