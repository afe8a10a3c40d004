-- purpose: all that a holder does in one round trip: beat, adopt what has landed, abandon, finish what
--   is done together with its outputs, and take what is next.
-- KEYS: 1-7 run, 8 holders, 9 holder, 10 held, 11 landing, 12 deadlines, then the list of each source,
--       then the list of each line; of swapMembers and swapMembersRouting then the five of batches
-- ARGV: 1 holder, 2 lease in ms, 3 number of this command, 4 the last that is known to be noted in held,
--       5 '1' if it may have been done already, 6 marbles held by the client's count (-1: not sure), 7 time limit in
--       ms (0: none; -1: none, but some of the finished had one of their own), 8 first seq for the taken,
--       9 how many to take at the most, 10 first of four seqs for what has landed (0: leave it), 11 how many landed that
--       the client knows, 12 queue it will wait on ('' unchanged), where members are finished or
--       sent: what they are of batches (lib/members), then sources, then their queues; lines, then their queues;
--       abandoned, then their receipts; finished queues, then of each: queue; ranges of seqs, and of each the first and
--       how many; then the number of groups of outputs, and the groups (lib/outputs)
-- returns: {'forgotten'} (nothing was done), or {'ok', {refused receipt, ...}, where members are
--   finished or sent: {batch of these that is cancelled, ...}, {queue, seq, {envelope, ...}}, ...}:
--   envelopes of one queue, whose receipts are seq/queue, seq+1/queue, ...
-- include clock run attempts outputs holder look
local MOST_LANDED, MOST_BYTES = 4, 1048576
local HOLDERS, HOLDER, HELD, LANDING, DEADLINES = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local holder, lease, op, known, again, believed, limit, seq, want, landedSeq, landedKnown, waitsOnNext = unpack(ARGV, 1, 12)
lease, known, believed, limit = tonumber(lease), tonumber(known), tonumber(believed), tonumber(limit)
seq, want, landedSeq, landedKnown = tonumber(seq), tonumber(want), tonumber(landedSeq), tonumber(landedKnown)
local at, i = now(), batches and batches.read(13) or 13

-- Forgotten too where its description is gone (evicted, deleted): nobody knows what queue it is that landed.
local deadline = redis.call('ZSCORE', HOLDERS, holder)
local waiting = landedSeq > 0 and redis.call('HGET', HOLDER, 'waiting')
if not deadline or (landedSeq > 0 and not waiting) then return { 'forgotten' } end
local last = lastCommand(HELD, known)
if not last then return { 'forgotten' } end
if deadline - at < lease * 0.75 then redis.call('ZADD', HOLDERS, at + lease, holder) end

local refused, cancelled = refusedBefore(last, op), batches and batches.cancelled()
-- Done already: the same answer again, from what is held, which a hash gives in no order.
if refused then
  local taken, held = {}, redis.call('HGETALL', HELD)
  for i = 1, #held, 2 do
    local number, queue = string.match(held[i], '^(%d+)/(.*)$')
    number = tonumber(number)
    local landed = number and landedSeq > 0 and number >= landedSeq + landedKnown and number < landedSeq + MOST_LANDED
    if number and ((number >= seq and number < seq + want) or landed) then
      taken[#taken + 1] = { queue, number, { held[i + 1] } }
    end
  end
  table.sort(taken, function(a, b) return a[2] < b[2] end)
  if cancelled then table.insert(taken, 1, cancelled) end
  return { 'ok', refused, unpack(taken) }
end

refused = {}
local answer = { 'ok', refused, cancelled }
local writes, dates, changed, unexpected = { 'op', '' }, {}, false, 0
local function hold(queue, number, envelope)
  local receipt = receiptOf(number, queue)
  writes[#writes + 1] = receipt
  writes[#writes + 1] = envelope
  changed = true
  if limit > 0 then
    dates[#dates + 1] = at + limit
    dates[#dates + 1] = holder .. ' ' .. receipt
  end
end

-- What BLMOVE handed over moves from landing to held; several where a wait went on that its client had given up. The
-- latest comes first, and is the one that the client knows of.
local function adopt()
  local landed = redis.call('LRANGE', LANDING, 0, MOST_LANDED - 1)
  if #landed < landedKnown then believed = -1 end
  if #landed == 0 then return end
  for i, envelope in ipairs(landed) do
    hold(waiting, landedSeq + i - 1, envelope)
    if i > landedKnown then
      unexpected = unexpected + 1
      answer[#answer + 1] = { waiting, landedSeq + i - 1, { envelope } }
    end
  end
  count(waiting, 'taken', #landed)
  redis.call('HSET', HELD, unpack(writes, 3)) -- before what is finished: it may be among that
  if #dates > 0 then redis.call('ZADD', DEADLINES, unpack(dates)) end
  redis.call('LTRIM', LANDING, #landed, -1)
  writes, dates = { 'op', '' }, {}
end
if landedSeq > 0 then adopt() end

-- Arguments of any number are read one after the other; `i` is the next.
local function list()
  local n, before = tonumber(ARGV[i]), i
  i = i + 1 + n
  return n, before
end
local sources, sourceNames = list()
local _, lineNames = list()
local abandoned, receipts = list()
for j = receipts + 1, receipts + abandoned do -- a deadline of 0: the next sweep brings them back
  if redis.call('HEXISTS', HELD, ARGV[j]) == 1 then redis.call('ZADD', DEADLINES, 0, holder .. ' ' .. ARGV[j]) end
end

-- That a receipt is still there is the fence. Where the count of what is held is as the client believes, all of them are,
-- and nobody needs to look; else each is asked for by itself.
local sure = believed >= 0 and redis.call('HLEN', HELD) == believed + unexpected + 1
local refusedSeqs = {}
local function stillHeld(queue, ranges)
  local held = {}
  for _ = 1, ranges do
    local first = tonumber(ARGV[i])
    for number = first, first + tonumber(ARGV[i + 1]) - 1 do
      local receipt = receiptOf(number, queue)
      if sure or redis.call('HEXISTS', HELD, receipt) == 1 then
        held[#held + 1] = receipt
      else
        refused[#refused + 1] = receipt
        refusedSeqs[number] = true
      end
    end
    i = i + 2
  end
  return held
end

-- Outputs go first, so that nothing is finished whose outputs could not be sent.
local finishedQueues = tonumber(ARGV[i])
i = i + 1
local function finish()
  local done = {}
  if batches and limit ~= 0 then redis.call('ZREM', DEADLINES, '') end -- tried before anything is finished: that is booked behind it
  for n = 1, finishedQueues do
    local queue, ranges = ARGV[i], tonumber(ARGV[i + 1])
    i = i + 2
    done[n] = { queue, stillHeld(queue, ranges) }
  end
  deliver(i, lineNames, 12 + sources, at, #refused > 0 and refusedSeqs or nil)
  for _, one in ipairs(done) do
    local queue, held = one[1], one[2]
    if #held > 0 then
      count(queue, 'finished', #held)
      redis.call('HDEL', HELD, unpack(held))
      if limit ~= 0 then for _, receipt in ipairs(held) do redis.call('ZREM', DEADLINES, holder .. ' ' .. receipt) end end
    end
  end
end
finish()
if batches then batches.bookNamed(at, #refused > 0 and refusedSeqs or nil) end

-- Takes from the sources in their order: they are held before they leave their queues. The client comes again for what was
-- too many bytes.
local function takeNext()
  local sofar, drops = { n = 0, bytes = 0 }, {}
  for source = 1, sources do
    local queue, key = ARGV[sourceNames + source], KEYS[12 + source]
    local taken = drops[key] and {} or look(key, want - sofar.n, MOST_BYTES, sofar) -- each once, however often it is named
    if #taken > 0 then
      answer[#answer + 1] = { queue, seq, taken }
      drops[key] = #taken
      count(queue, 'taken', #taken)
    end
    for _, envelope in ipairs(taken) do
      hold(queue, seq, envelope)
      seq = seq + 1
    end
  end
  return drops
end
local drops = want > 0 and takeNext() or {}

if changed or finishedQueues > 0 or landedKnown > 0 or again == '1' then -- what the client then takes for noted
  writes[2] = opDone(op, refused)
  redis.call('HSET', HELD, unpack(writes))
end
if #dates > 0 then redis.call('ZADD', DEADLINES, unpack(dates)) end
for key, n in pairs(drops) do drop(key, n) end
if waitsOnNext ~= '' then redis.call('HSET', HOLDER, 'waiting', waitsOnNext) end
return answer
