-- purpose: takes one marble for a holder that was woken, in one round trip: of the queue of its wake-up, where all queues
--   before that are empty. It is a swap without all that such a take does not need.
--   Otherwise it does nothing. The holder then asks swap, with the same number: that also tells whether the take was
--   done already, or the holder was given up.
-- KEYS: HOLDERS; HELD; COUNTS; LIST; then the lists of the queues before that
-- ARGV: holder; leaseMs; op: number of this command; noted: the last number that is known to be noted in held; receipt;
--       field: of counts
-- returns: {0} (nothing was done) or {1, envelope}
-- include clock args holder
local HOLDERS, HELD, COUNTS, LIST = unpack(KEYS, 1, 4)
local holder, leaseMs, op, noted, receipt, field = unpack(ARGV, 1, 6)
keysRead, argsRead = 4, 6
local before = #KEYS - keysRead
local lists = nextKeys(before)
local at, deadline = now(), redis.call('ZSCORE', HOLDERS, holder)
local last = deadline and lastCommand(HELD, tonumber(noted))
if not last or refusedBefore(last, op) then return { 0 } end
if before > 0 and redis.call('EXISTS', unpack(KEYS, lists + 1)) > 0 then return { 0 } end
local envelope = redis.call('LINDEX', LIST, -1)
if not envelope then return { 0 } end

if deadline - at < leaseMs * 0.75 then redis.call('ZADD', HOLDERS, at + leaseMs, holder) end
redis.call('HINCRBY', COUNTS, field, 1)
redis.call('HSET', HELD, 'op', op, receipt, envelope) -- held before it leaves its queue
redis.call('RPOP', LIST)
return { 1, envelope }
