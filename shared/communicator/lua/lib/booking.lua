-- Books what is owed to batches, once for each and after all else. Where `left` comes to 0, the batch is complete in
-- this very step, and its `then` is sent. A wrong booking from outside (a copy made by hand) never leads below 0: it
-- is counted as `surplus`.
local function addTo(id, what, n)
  local value = redis.call('HINCRBY', BATCHES, batchField(id, what), n)
  if value >= 0 then return value end
  redis.call('HINCRBY', BATCHES, batchField(id, 'surplus'), -value)
  return redis.call('HINCRBY', BATCHES, batchField(id, what), -value)
end

-- Cancels a batch of which so many are dead that its policy says so. A share is one of all that was sent, so it waits
-- for the seal.
local function judge(id, at)
  local about, dead, sent, sealed, cancelled = batches.fields(id, 'about', 'dead', 'sent', 'sealed', 'cancel')
  if cancelled or not about then return end
  local policy = batches.policy(about)
  dead, sent = tonumber(dead) or 0, tonumber(sent) or 0
  local most = tonumber(policy.maxDead)
  local share = type(policy.maxDead) == 'string' and tonumber(string.match(policy.maxDead, '^([%d.]+)%%$'))
  if share then most = sealed and sent * share / 100 or nil end
  if dead > 0 and policy.onDead == 'cancel' then
    batches.cancel(id, 'a marble of it is dead', at)
  elseif most and dead > most then
    batches.cancel(id, dead .. ' of it are dead, allowed: ' .. policy.maxDead, at)
  end
end

-- Reopens a batch of which a dead letter was requeued.
local function reopen(id, at)
  if redis.call('HDEL', BATCHES, batchField(id, 'done')) == 0 then return end
  redis.call('ZADD', BATCHENDS, '+inf', id)
  local parent, cancelled = batches.fields(id, 'parent', 'cancel')
  if cancelled then redis.call('ZADD', CANCELLED, at, id) end
  batches.owe(parent, 'left', 1)
end

-- Sends `then`. It is a member of the batch that this one is in, which is complete only when `then` is worked on too.
local function fire(id, queue, rest, parent, at)
  pushLater(queue, 'b', id .. '.then' .. rest, at)
  count(queue, 'sent', 1)
  batches.owe(parent, 'sent', 1)
  batches.owe(parent, 'left', 1)
end

-- Completes a batch of which nothing is left. Nothing happens where it may not be complete yet.
local function complete(id, at)
  local left, sealed, done, cancelled, dead, about = batches.fields(id, 'left', 'sealed', 'done', 'cancel', 'dead', 'about')
  if tonumber(left) > 0 or done then return end
  if not sealed then
    addTo(id, 'left', 1)
    addTo(id, 'surplus', 1)
    return
  end
  local policy, rest = batches.policy(about)
  if not policy.onDead and not cancelled and (tonumber(dead) or 0) > 0 then return end
  local fired, parent = batches.fields(id, 'fired', 'parent')
  if parent then isBatch(parent) end -- asked before anything is sent: what is owed to it must be booked
  redis.call('HSET', BATCHES, batchField(id, 'left'), left) -- tried before anything is sent
  redis.call('ZADD', BATCHENDS, at + policy.keepMs, id)
  redis.call('ZREM', CANCELLED, id)
  if rest and not fired then fire(id, policy['then'].queue, rest, parent, at) end
  redis.call('HSET', BATCHES, batchField(id, 'done'), at, batchField(id, rest and 'fired' or 'done'), fired or at)
  batches.owe(parent, 'left', -1)
end

-- Returns what is left, where that has changed.
local function book(id, sums)
  for _, what in ipairs({ 'sent', 'gone', 'cancelled', 'failed', 'dead' }) do
    if (sums[what] or 0) ~= 0 then addTo(id, what, sums[what]) end
  end
  return (sums.left or 0) ~= 0 and addTo(id, 'left', sums.left)
end

local function follow(id, sums, left, at)
  local change = sums.left or 0
  if change > 0 and left == change then reopen(id, at) end
  if (sums.dead or 0) > 0 or sums.look then judge(id, at) end
  if left == 0 or sums.look or (sums.dead or 0) ~= 0 then complete(id, at) end
end

-- Tries what booking and the end of a batch need, in forms that change nothing, before something is removed that is
-- to be booked. `anyway`: also where nothing is owed yet.
function batches.try(anyway)
  if not (anyway and batches.any()) and #owing == 0 then return end
  for _, dates in ipairs({ LATER, BATCHENDS, CANCELLED, BATCHDEAD }) do redis.call('ZADD', dates, 'XX', 0, '') end
  redis.call('ZREM', CANCELLED, '')
  redis.call('INCR', SERIAL)
  redis.call('HEXISTS', BATCHES, '')
  redis.call('HMGET', BATCHES, '')
  redis.call('HSET', BATCHES, '', 0)
  redis.call('HINCRBY', BATCHES, '', 0)
  redis.call('HDEL', BATCHES, '')
end

-- Books all that is owed. A script calls this last, when it has removed what it was to remove. A batch that is complete may
-- be the last of another. Batches come in the order of their ids, so that it does not matter who adds up. All are booked
-- before anything follows from that: where something of it fails, the numbers are right all the same, and a look makes
-- good the rest.
function batches.bookOwed(at)
  local failure
  while #owing > 0 do
    table.sort(owing)
    local ids, booked = owing, {}
    owing = {}
    for _, id in ipairs(ids) do
      local sums = owed[id]
      owed[id] = nil
      if isBatch(id) then booked[#booked + 1] = { id, sums, book(id, sums) } end
    end
    for _, one in ipairs(booked) do
      if #booked == 1 and not failure then
        follow(one[1], one[2], one[3], at) -- where this fails, Redis tells in which line
      else
        local followed, why = pcall(follow, one[1], one[2], one[3], at)
        if not followed then failure = failure or why end
      end
    end
  end
  if failure then error(failure, 0) end
end
