-- purpose: takes back the marbles of one holder. Those of a silent holder are dropped: they go to the front or are
--   dead. Those of a holder that leaves are released. Of a holder whose process is blocked, those that have not begun
--   are released, for others to work on.
--   A marble that may not have begun is not charged with an attempt. This holds for all marbles in the inbox. Of a
--   holder that takes ahead it holds for all marbles but two: a suspect that was worked on alone (lib/attempts), and
--   the only marble of a holder that is the only one of its process. The script takes steps bounded by number and
--   bytes, so that Redis is never blocked for long.
-- KEYS: run; WATCHED; HOLDERS; HOLDER; HELD; INBOX; then the list of each line, then the wake-up of each, then the five
--       keys of batches
-- ARGV: holder; mode: 'dropped' or 'released'; maxAttempts: where the holder does not say; most: marbles; mostBytes;
--       waiting: the queue that the holder waits on; then lines, their queues, then only for a blocked holder: the
--       highest seq that has begun, its last command, '1' where what is in the inbox has not begun
-- returns: {'alive'} (its lease runs, or it waits on another queue now: nothing was done)
--   | {'missing', queue, ...} (call again with these lines too)
--   | {'more' or 'done', returned, dead, ms since the lease passed}
-- include clock run args wake pushing lines attempts holder batch-keys batches booking
local HOLDERS, HOLDER, HELD, INBOX = unpack(KEYS, 9, 12)
local holder, mode, maxAttempts, most, mostBytes, waiting = unpack(ARGV, 1, 6)
keysRead, argsRead = 12, 6
local keys = nextLines(nextLists)
local begun, lastSent, inboxToo = nextArgs(3)
local at, dropped = now(), mode == 'dropped'
begun = tonumber(begun)

-- The lease is looked at again here, in the same atomic step: the holder may have come back since the Monitor saw it.
local deadline = tonumber(redis.call('ZSCORE', HOLDERS, holder))
if dropped and (not deadline or deadline > at) then return { 'alive' } end
local waitsOn, itsMost, ahead = unpack(redis.call('HMGET', HOLDER, 'waiting', 'maxAttempts', 'ahead'))
if (waitsOn or '') ~= waiting then return { 'alive' } end
local default = tonumber(itsMost) or tonumber(maxAttempts)
-- A blocked holder that has sent a command since then works again. Marbles that came by that command may have begun.
local lastDone = string.match(lastCommand(HELD, 0), '^%d+')
if begun and tonumber(lastDone) > tonumber(lastSent) then return { 'alive' } end

-- Finds the marbles, the last taken first. Those in the inbox came last. Their queue is the one that the holder said
-- it would wait on.
local function find()
  local found, missing, unknown = {}, { 'missing' }, {}
  local function note(seq, queue, field)
    found[#found + 1] = { seq = seq, queue = queue, field = field }
    if not keys[queue] and not unknown[queue] then
      unknown[queue] = true
      missing[#missing + 1] = queue
    end
  end
  if not begun or inboxToo == '1' then
    for _ = 1, redis.call('LLEN', INBOX) do note(math.huge, waiting, nil) end
  end
  for _, field in ipairs(redis.call('HKEYS', HELD)) do
    local seq, queue = string.match(field, '^(%d+)/(.*)$')
    if seq and tonumber(seq) > (begun or -1) then note(tonumber(seq), queue, field) end
  end
  table.sort(found, function(a, b) return a.seq > b.seq end)
  return found, #missing > 1 and missing
end
local found, missing = find()
if missing then return missing end

-- A missing right is met here, before anything is changed.
redis.call('HDEL', HELD, '')
redis.call('LTRIM', INBOX, 0, -1)

local company = ahead and (ahead ~= '1' or #found > 1)
local back, tally, fields, came, bytes, n, dead = {}, {}, {}, 0, 0, 0, 0
local function giveBack(queue, envelope, field)
  local again
  if not dropped then
    again = untouched(envelope)
  elseif company or not field then
    again = suspected(envelope)
  end
  if again then
    goesBack(back, queue, again)
  elseif retryOrDie(queue, envelope, { why = 'dropped', holder = holder }, default, at, back) then
    dead = dead + 1
  end
end
while n < #found and n < tonumber(most) and bytes < tonumber(mostBytes) do
  n = n + 1
  local queue, field, envelope = found[n].queue, found[n].field, nil
  if field then
    fields[#fields + 1] = field
    envelope = redis.call('HGET', HELD, field)
  else
    envelope = redis.call('LINDEX', INBOX, came)
    came = came + 1
    count(queue, 'taken', 1)
  end
  bytes = bytes + #envelope
  tally[queue] = (tally[queue] or 0) + 1
  giveBack(queue, envelope, field)
end
for queue, envelopes in pairs(back) do
  pushFront(queue, keys[queue], envelopes, at)
  if dropped then count(queue, 'returned', #envelopes) end
end
for queue, k in pairs(tally) do count(queue, mode, k) end
if came > 0 then redis.call('LTRIM', INBOX, came, -1) end
if #fields > 0 then redis.call('HDEL', HELD, unpack(fields)) end

batches.bookOwed(at)
local late = deadline and at - deadline or 0
if n < #found then
  if ahead and dropped then redis.call('HSET', HOLDER, 'ahead', 2) end -- the last of many is not the only one
  return { 'more', n - dead, dead, late }
end
if begun then return { 'done', n, 0, 0 } end
redis.call('DEL', HELD, INBOX, HOLDER)
redis.call('ZREM', HOLDERS, holder)
return { 'done', n - dead, dead, late }
