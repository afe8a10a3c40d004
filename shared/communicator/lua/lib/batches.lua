-- Batches: fields `<id> <what>` of one hash (docs/BATCHES.md). A script adds up what it owes to each batch and books that once,
-- net, after all else: what finishes one member and sends one on leaves `left` alone. Where `left` comes to 0, the batch is
-- complete in this very step, and its `then` is sent. What was booked wrongly from outside (a copy made by hand) never
-- leads below 0: it is counted as `surplus`.
local BATCHES, BATCHDEAD, CHILDREN, CANCELLED, BATCHENDS = unpack(KEYS, #KEYS - 4)
batches = {} -- declared in lib/run

local function batchField(id, what)
  return id .. ' ' .. what
end

-- Asked before anything is removed: what is no hash is met there.
local knownBatches, anyBatch = {}, nil
local function isBatch(id)
  if knownBatches[id] == nil then knownBatches[id] = redis.call('HEXISTS', BATCHES, batchField(id, 'left')) == 1 end
  return knownBatches[id]
end

-- What was found out otherwise.
function batches.know(id, left)
  knownBatches[id] = left and true or false
end

-- A run that has none reads no header for them.
function batches.any()
  if anyBatch == nil then anyBatch = redis.call('HLEN', BATCHES) > 0 end
  return anyBatch
end

-- The batch that an envelope is a member of; nil where it is none of a known one.
function batches.of(envelope)
  local stop = batches.any() and string.find(envelope, '\n', 1, true)
  local id = stop and string.match(string.sub(envelope, 1, stop), ' B=(%S+)')
  return id and isBatch(id) and id or nil
end

local owed, owing = {}, {}
function batches.owe(id, what, n)
  if not id then return end
  if not owed[id] then
    owed[id] = {}
    owing[#owing + 1] = id
  end
  owed[id][what] = (owed[id][what] or 0) + n
end

-- A member is in its grave.
function batches.died(envelope, serial)
  local id = batches.of(envelope)
  if not id then return end
  redis.call('ZADD', BATCHDEAD, 0, id .. ' ' .. serial)
  batches.owe(id, 'left', -1)
  batches.owe(id, 'dead', 1)
end

-- One has left its grave: back to its queue, or for good.
function batches.exhumed(envelope, serial, requeued)
  local id = batches.of(envelope)
  if not id then return end
  if redis.call('ZREM', BATCHDEAD, id .. ' ' .. serial) == 1 then batches.owe(id, 'dead', -1) end
  batches.owe(id, requeued and 'left' or 'gone', 1)
end

-- Of a batch that is cancelled: it is over without any work on it.
function batches.dropped(envelope)
  local id = batches.of(envelope)
  if not id or redis.call('HEXISTS', BATCHES, batchField(id, 'cancel')) == 0 then return false end
  batches.owe(id, 'left', -1)
  batches.owe(id, 'cancelled', 1)
  return true
end

local function addTo(id, what, n)
  local value = redis.call('HINCRBY', BATCHES, batchField(id, what), n)
  if value >= 0 then return value end
  redis.call('HINCRBY', BATCHES, batchField(id, 'surplus'), -value)
  return redis.call('HINCRBY', BATCHES, batchField(id, what), -value)
end

function batches.fields(id, ...)
  local names = { ... }
  for i, what in ipairs(names) do names[i] = batchField(id, what) end
  return unpack(redis.call('HMGET', BATCHES, unpack(names)))
end

function batches.policy(id)
  return cjson.decode(redis.call('HGET', BATCHES, batchField(id, 'about')))
end

-- No more of it is worked on from here on; what is left is dropped by those who take it. It is sealed by this too.
function batches.cancel(id, reason, at)
  redis.call('ZADD', CANCELLED, 'XX', at, '') -- tried before it is noted: what is listed and not cancelled nobody could work on
  redis.call('HSETNX', BATCHES, batchField(id, 'cancel'), reason)
  redis.call('ZADD', CANCELLED, at, id)
  if redis.call('HSETNX', BATCHES, batchField(id, 'sealed'), at) == 1 then batches.owe(id, 'left', -1) end
end

-- So many of it are dead that its policy cancels it. A share is one of all that was sent, so it waits for the seal.
local function judge(id, at)
  local about, dead, sent, sealed, cancelled = batches.fields(id, 'about', 'dead', 'sent', 'sealed', 'cancel')
  if cancelled or not about then return end
  local policy = cjson.decode(about)
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

-- Whose last member came back from its grave.
local function reopen(id, at)
  if redis.call('HDEL', BATCHES, batchField(id, 'done')) == 0 then return end
  redis.call('ZADD', BATCHENDS, '+inf', id)
  local parent, cancelled = batches.fields(id, 'parent', 'cancel')
  if cancelled then redis.call('ZADD', CANCELLED, at, id) end
  batches.owe(parent, 'left', 1)
end

-- `then` is a member of the batch that this one is in: that is complete when this is worked on too.
local function fire(id, queue, rest, parent, at)
  pushLater(queue, 'b', id .. '.then' .. rest, at)
  count(queue, 'sent', 1)
  batches.owe(parent, 'sent', 1)
  batches.owe(parent, 'left', 1)
end

-- Looks whether nothing is left of it; where it may not be complete yet, nothing happens.
local function complete(id, at)
  local left, sealed, done, cancelled, dead = batches.fields(id, 'left', 'sealed', 'done', 'cancel', 'dead')
  if tonumber(left) > 0 or done then return end
  if not sealed then
    addTo(id, 'left', 1)
    addTo(id, 'surplus', 1)
    return
  end
  local policy = batches.policy(id)
  if policy.onDead == 'wait' and not cancelled and (tonumber(dead) or 0) > 0 then return end
  local fired, parent, rest = batches.fields(id, 'fired', 'parent', 'then')
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

-- What booking and the end of a batch need is tried, in forms that change nothing, before something is removed that is to be
-- booked. `anyway`: nothing is owed yet.
function batches.try(anyway)
  if not (anyway and batches.any()) and #owing == 0 then return end
  for _, dates in ipairs({ LATER, BATCHENDS, CANCELLED, BATCHDEAD }) do redis.call('ZADD', dates, 'XX', 0, '') end
  redis.call('ZREM', CANCELLED, '')
  redis.call('INCR', SERIAL)
  for _, ask in ipairs({ 'HEXISTS', 'HGET', 'HMGET' }) do redis.call(ask, BATCHES, '') end
  redis.call('HSET', BATCHES, '', 0)
  redis.call('HINCRBY', BATCHES, '', 0)
  redis.call('HDEL', BATCHES, '')
end

-- To be called last, in a script that has removed what it was to remove. A batch that is complete may be the last of another.
-- In the order of their ids, so that it does not matter who adds up. All are booked before anything follows from that: where
-- something of it fails, the numbers are right all the same, and a look makes good the rest.
function batches.settle(at)
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
