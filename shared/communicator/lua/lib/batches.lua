-- Batches are fields `<id> <what>` of one hash (docs/BATCHES.md). A script adds up here what it owes to each batch.
-- It books the net sum once, after all else (lib/booking). A step that finishes one member and sends one on leaves
-- `left` alone.
batches = batches or {} -- declared in lib/run

-- Asks before anything is removed, so that a key that is no hash is met there.
local knownBatches, anyBatch = {}, nil
local function isBatch(id)
  if knownBatches[id] == nil then knownBatches[id] = redis.call('HEXISTS', BATCHES, batchField(id, 'left')) == 1 end
  return knownBatches[id]
end

-- Notes what was found out otherwise.
function batches.know(id, left)
  knownBatches[id] = left and true or false
end

-- Tells whether the run has batches. A run without any reads no header for them.
function batches.any()
  if anyBatch == nil then anyBatch = redis.call('HLEN', BATCHES) > 0 end
  return anyBatch
end

-- Returns the batch that an envelope is a member of, or nil where that is no known one.
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

-- Notes that a member died and is a dead letter now.
function batches.died(envelope, serial)
  local id = batches.of(envelope)
  if not id then return end
  redis.call('ZADD', BATCHDEAD, 0, id .. ' ' .. serial)
  batches.owe(id, 'left', -1)
  batches.owe(id, 'dead', 1)
end

-- Notes that the dead letter of a member was settled: requeued, or removed for good.
function batches.letterSettled(envelope, serial, requeued)
  local id = batches.of(envelope)
  if not id then return end
  if redis.call('ZREM', BATCHDEAD, id .. ' ' .. serial) == 1 then batches.owe(id, 'dead', -1) end
  batches.owe(id, requeued and 'left' or 'gone', 1)
end

-- Drops a member of a cancelled batch: it is over without any work on it. Returns whether it is such a member.
function batches.dropped(envelope)
  local id = batches.of(envelope)
  if not id or redis.call('HEXISTS', BATCHES, batchField(id, 'cancel')) == 0 then return false end
  batches.owe(id, 'left', -1)
  batches.owe(id, 'cancelled', 1)
  return true
end

function batches.fields(id, ...)
  local names = { ... }
  for i, what in ipairs(names) do names[i] = batchField(id, what) end
  return unpack(redis.call('HMGET', BATCHES, unpack(names)))
end

-- Returns the settings of a batch, and its `then`, which stands behind them.
function batches.policy(about)
  local settings, rest = string.match(about, '^([^\n]*)\n?(.*)$')
  return cjson.decode(settings), rest ~= '' and rest or nil
end

-- Cancels a batch. None of it is worked on from here on: whoever takes what is left drops it. This also seals the
-- batch.
function batches.cancel(id, reason, at)
  -- This is tried before the batch is noted as cancelled, and done after that: nobody could work on a batch that is
  -- listed but not cancelled.
  redis.call('ZADD', CANCELLED, 'XX', at, '')
  redis.call('HSETNX', BATCHES, batchField(id, 'cancel'), reason)
  redis.call('ZADD', CANCELLED, at, id)
  if redis.call('HSETNX', BATCHES, batchField(id, 'sealed'), at) == 1 then batches.owe(id, 'left', -1) end
end
