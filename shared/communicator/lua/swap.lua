-- purpose: all that a holder does in one round trip: beat, adopt what has landed, abandon, finish what
--   is done together with its outputs, and take what is next.
-- KEYS: 1-7 run, 8 holders, 9 holder, 10 held, 11 landing, 12 deadlines, then the list of each source,
--       then the list of each line
-- ARGV: 1 holder, 2 lease in ms, 3 number of this command, 4 the last that is known to be noted in held,
--       5 '1' if it may have been done already, 6 marbles held by the client's count (-1: not sure), 7 time limit in
--       ms (0: none; -1: none, but some of the finished had one of their own), 8 first seq for the taken,
--       9 how many to take at the most, 10 seq for what has landed (0: leave it), 11 how many landed that the client knows,
--       12 queue it will wait on ('' unchanged), 13 sources, then their queues; lines, then their queues;
--       abandoned, then their receipts; finished queues, then of each: queue; ranges of seqs, and of each the first and
--       how many; then the number of groups of outputs, and the groups (lib/outputs)
-- returns: {'forgotten'} (nothing was done), or {'ok', {refused receipt, ...}, {queue, seq, {envelope, ...}}, ...}:
--   envelopes of one queue, whose receipts are seq/queue, seq+1/queue, ...
-- include clock run attempts outputs holder take
local HOLDERS, HOLDER, HELD, LANDING, DEADLINES = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local holder, lease, op = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local believed, limit, seq, want = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local landedSeq, landedKnown = tonumber(ARGV[10]), tonumber(ARGV[11])
local at = now()

-- Forgotten too where its description is gone (evicted, deleted): nobody knows what queue it is that landed.
local deadline = redis.call('ZSCORE', HOLDERS, holder)
local waiting = landedSeq > 0 and redis.call('HGET', HOLDER, 'waiting')
if not deadline or (landedSeq > 0 and not waiting) then return { 'forgotten' } end
local last = lastCommand(HELD, tonumber(ARGV[4]))
if not last then return { 'forgotten' } end
if deadline - at < lease * 0.75 then redis.call('ZADD', HOLDERS, at + lease, holder) end

-- Done already: the same answer again, from what is held, which a hash gives in no order.
local before = refusedBefore(last, op)
if before then
  local taken, held = {}, redis.call('HGETALL', HELD)
  for i = 1, #held, 2 do
    local number, queue = string.match(held[i], '^(%d+)/(.*)$')
    number = tonumber(number)
    if number and ((number >= seq and number < seq + want) or (number == landedSeq and landedKnown == 0)) then
      taken[#taken + 1] = { queue, number, { held[i + 1] } }
    end
  end
  table.sort(taken, function(a, b) return a[2] < b[2] end)
  return { 'ok', before, unpack(taken) }
end

local refused, writes, dates, changed = {}, { 'op', '' }, {}, false
local answer = { 'ok', refused }
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

-- Adopt: what BLMOVE handed over moves from landing to held, so that landing has one marble at the most.
local unexpected = 0
if landedSeq > 0 then
  local envelope = redis.call('LPOP', LANDING)
  if envelope then
    hold(waiting, landedSeq, envelope)
    redis.call('HSET', HELD, unpack(writes, 3)) -- before what is finished: it may be among that
    if #dates > 0 then redis.call('ZADD', DEADLINES, unpack(dates)) end
    writes, dates = { 'op', '' }, {}
    count(waiting, 'taken', 1)
    if landedKnown == 0 then
      unexpected = 1
      answer[3] = { waiting, landedSeq, { envelope } }
    end
  elseif landedKnown > 0 then
    believed = -1
  end
end

-- Parse: names of sources and lines, abandoned.
local i = 13
local sources, sourceNames = tonumber(ARGV[i]), i
i = i + 1 + sources
local lines, lineNames = tonumber(ARGV[i]), i
i = i + 1 + lines
local abandoned = tonumber(ARGV[i]) -- a deadline of 0: the next sweep brings them back
for j = i + 1, i + abandoned do
  if redis.call('HEXISTS', HELD, ARGV[j]) == 1 then redis.call('ZADD', DEADLINES, 0, holder .. ' ' .. ARGV[j]) end
end
i = i + 1 + abandoned

-- Finish: that a receipt can still be deleted is the fence. Where the count of what is held is as the client
-- believes, all of them are there and one command does it; else each is asked for by itself.
local sure = believed >= 0 and redis.call('HLEN', HELD) == believed + unexpected + 1
local finishedQueues = tonumber(ARGV[i])
local refusedSeqs = {}
i = i + 1
for _ = 1, finishedQueues do
  local queue, ranges, done, receipts = ARGV[i], tonumber(ARGV[i + 1]), 0, {}
  i = i + 2
  for _ = 1, ranges do
    local first = tonumber(ARGV[i])
    for number = first, first + tonumber(ARGV[i + 1]) - 1 do
      local receipt = receiptOf(number, queue)
      if sure or redis.call('HDEL', HELD, receipt) == 1 then
        done = done + 1
        receipts[done] = receipt
      else
        refused[#refused + 1] = receipt
        refusedSeqs[number] = true
      end
    end
    i = i + 2
  end
  if sure and done > 0 then redis.call('HDEL', HELD, unpack(receipts)) end
  if done > 0 then count(queue, 'finished', done) end
  if limit ~= 0 then for _, receipt in ipairs(receipts) do redis.call('ZREM', DEADLINES, holder .. ' ' .. receipt) end end
end
deliver(i, lineNames, 12 + sources, at, #refused > 0 and refusedSeqs or nil)

-- Take, from the sources in their order. The client comes again for what was too many bytes.
local MOST_BYTES, sofar = 1048576, { n = 0, bytes = 0 }
for source = 1, sources do
  local queue, taken = ARGV[sourceNames + source], take(KEYS[12 + source], want - sofar.n, MOST_BYTES, sofar)
  if #taken > 0 then
    answer[#answer + 1] = { queue, seq, taken }
    count(queue, 'taken', #taken)
  end
  for _, envelope in ipairs(taken) do
    hold(queue, seq, envelope)
    seq = seq + 1
  end
end

if changed or finishedQueues > 0 or landedKnown > 0 or ARGV[5] == '1' then -- what the client then takes for noted
  writes[2] = opDone(op, refused)
  redis.call('HSET', HELD, unpack(writes))
end
if #dates > 0 then redis.call('ZADD', DEADLINES, unpack(dates)) end
if ARGV[12] ~= '' then redis.call('HSET', HOLDER, 'waiting', ARGV[12]) end
return answer
