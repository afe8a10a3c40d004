-- purpose: does all that a holder does in one round trip: it beats, adopts what is in the inbox, abandons, finishes
--   what is done together with its outputs, and takes what is next.
-- KEYS: run; WATCHED; HOLDERS; HOLDER; HELD; INBOX; DEADLINES; then the list of each source, then those of the lines and
--       their wake-ups; for the variants then the keys of large data (swapLarge, swapLargeRouting) and of batches
-- ARGV: holder; leaseMs; op: number of this command; noted: the last number that is known to be noted in held; again:
--       '1' if it may have been done already; believed: marbles held by the client's count (-1: not sure);
--       timeLimitMs (0: none; -1: none, but some of the finished had one of their own); firstSeq: of the taken; want:
--       how many to take at most; inboxSeq: first of four for what is in the inbox (0: leave it); inboxKnown: how
--       many of those the client knows of; waitsOnNext: queue that it will wait on ('' unchanged); then, for the
--       variants, what is said of batches (lib/members) and of large data (lib/large); sources, then their queues;
--       lines, then their queues; abandoned, then their receipts; finished queues, then for each: queue; ranges of
--       seqs, and for each the first and how many; then the number of groups of outputs, and the groups (lib/outputs)
-- returns: {'forgotten'} or {'absent'} (nothing was done; large data to be sent are not there), or {'ok', {refused
--   receipt, ...}, for the variants: {batch of these that is cancelled, ...}, {queue, seq, {envelope, ...}}, ...}.
--   Envelopes of one queue have the receipts seq/queue, seq+1/queue, ...
-- include clock run args wake pushing outputs holder receipts look
local HOLDERS, HOLDER, HELD, INBOX, DEADLINES = unpack(KEYS, 9, 13)
local holder, leaseMs, op, noted, again, believed, timeLimitMs, firstSeq, want, inboxSeq, inboxKnown, waitsOnNext =
  unpack(ARGV, 1, 12)
leaseMs, noted, believed, timeLimitMs = tonumber(leaseMs), tonumber(noted), tonumber(believed), tonumber(timeLimitMs)
firstSeq, want, inboxSeq, inboxKnown = tonumber(firstSeq), tonumber(want), tonumber(inboxSeq), tonumber(inboxKnown)
keysRead, argsRead = 13, 12
if batches then batches.read() end -- and of large data
local sources, sourceNames = nextList()
local lines, lineNames = nextList()
local sourceKeys, lineKeys = nextKeys(sources), nextLists(lines)
local MOST_IN_INBOX, MOST_BYTES, at = 4, 1048576, now()

-- A holder is forgotten too where its description is gone (evicted, deleted): nobody knows the queue of its inbox.
local deadline = redis.call('ZSCORE', HOLDERS, holder)
local waiting = inboxSeq > 0 and redis.call('HGET', HOLDER, 'waiting')
if not deadline or (inboxSeq > 0 and not waiting) then return { 'forgotten' } end
local last = lastCommand(HELD, noted)
if not last then return { 'forgotten' } end
if deadline - at < leaseMs * 0.75 then redis.call('ZADD', HOLDERS, at + leaseMs, holder) end

local refused, cancelled = refusedBefore(last, op), batches and batches.cancelled()
-- The command was done already: it gets the same answer again.
if refused then
  local given = givenBefore(HELD, function(seq)
    local isInInbox = inboxSeq > 0 and seq >= inboxSeq + inboxKnown and seq < inboxSeq + MOST_IN_INBOX
    return isInInbox or (seq >= firstSeq and seq < firstSeq + want)
  end)
  if cancelled then table.insert(given, 1, cancelled) end
  return { 'ok', refused, unpack(given) }
end

if large and not large.isThere() then return { 'absent' } end
refused = {}
local answer = { 'ok', refused, cancelled }
local writes, dates, changed, unexpected = { 'op', '' }, {}, false, 0
local function hold(queue, seq, envelope)
  local receipt = receiptOf(seq, queue)
  writes[#writes + 1] = receipt
  writes[#writes + 1] = envelope
  changed = true
  if timeLimitMs > 0 then
    dates[#dates + 1] = at + timeLimitMs
    dates[#dates + 1] = holder .. ' ' .. receipt
  end
end

-- Moves what BLMOVE handed over from the inbox to held. It is several marbles where a wait went on that its client
-- had given up. The latest comes first, and is the one that the client knows of.
local function adopt()
  local came = redis.call('LRANGE', INBOX, 0, MOST_IN_INBOX - 1)
  if #came < inboxKnown then believed = -1 end
  if #came == 0 then return end
  for i, envelope in ipairs(came) do
    hold(waiting, inboxSeq + i - 1, envelope)
    if i > inboxKnown then
      unexpected = unexpected + 1
      answer[#answer + 1] = { waiting, inboxSeq + i - 1, { envelope } }
    end
  end
  count(waiting, 'taken', #came)
  redis.call('HSET', HELD, unpack(writes, 3)) -- before the finish, which may be of these
  if #dates > 0 then redis.call('ZADD', DEADLINES, unpack(dates)) end
  redis.call('LTRIM', INBOX, #came, -1)
  writes, dates = { 'op', '' }, {}
end

-- Sets a deadline of 0, by which the next sweep brings them back.
local function abandon()
  local abandoned, receipts = nextList()
  for i = receipts + 1, receipts + abandoned do
    if redis.call('HEXISTS', HELD, ARGV[i]) == 1 then redis.call('ZADD', DEADLINES, 0, holder .. ' ' .. ARGV[i]) end
  end
end

-- Outputs go first, so that nothing is finished whose outputs could not be sent. Where as many are held as the client
-- believes, all that it finishes is there.
local function finish()
  local sure = believed >= 0 and redis.call('HLEN', HELD) == believed + unexpected + 1
  -- These are tried before anything is finished, because batches book the finish only after it.
  if batches then batches.tryNamed() end
  if batches and timeLimitMs ~= 0 then redis.call('ZREM', DEADLINES, '') end
  local done, queues = {}, tonumber(nextArgs(1))
  for i = 1, queues do
    local queue, ranges = nextArgs(2)
    done[i] = { queue, stillHeld(HELD, queue, ranges, sure, refused) }
  end
  deliver(lineNames, lineKeys, at, refusedSeqs)
  for _, one in ipairs(done) do
    local queue, held = one[1], one[2]
    if #held > 0 then
      count(queue, 'finished', #held)
      redis.call('HDEL', HELD, unpack(held))
      if timeLimitMs ~= 0 then
        for _, receipt in ipairs(held) do redis.call('ZREM', DEADLINES, holder .. ' ' .. receipt) end
      end
    end
  end
  changed = changed or queues > 0
end

-- Takes from the sources in their order. Marbles are held before they leave their queues. The client comes again for
-- those that were too many bytes. Returns how many of each list are to leave it.
local function takeNext()
  local sofar, drops, seq = { n = 0, bytes = 0 }, {}, firstSeq
  for source = 1, sources do
    local queue, key = ARGV[sourceNames + source], KEYS[sourceKeys + source]
    local taken = drops[key] and {} or look(key, want - sofar.n, MOST_BYTES, sofar) -- once, however often it is named
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

if inboxSeq > 0 then adopt() end
abandon()
finish()
if large then large.finish(refusedSeqs) end
if batches then batches.bookNamed(at, refusedSeqs) end
local drops = want > 0 and takeNext() or {}
if changed or inboxKnown > 0 or again == '1' then -- the client takes it for noted then
  writes[2] = opDone(op, refused)
  redis.call('HSET', HELD, unpack(writes))
end
if #dates > 0 then redis.call('ZADD', DEADLINES, unpack(dates)) end
for key, n in pairs(drops) do drop(key, n) end
if waitsOnNext ~= '' then redis.call('HSET', HOLDER, 'waiting', waitsOnNext) end
return answer
