-- purpose: takes a step of a loop in one round trip: finishes the one marble in hand, and takes the next of one queue.
--   It is a swap without all that most steps of a loop do not need, and costs half of one. stepRouting first sends what
--   the finished one sends on.
--   It does nothing where the marble is not held any more, or cannot send. The holder then asks swap, with the same number:
--   that tells whether the step was done already, or the holder was given up.
-- KEYS: HELD; COUNTS; LIST: of the queue to take from; for stepRouting then QUEUES, WATCHED, the list of each line, and the
--       wake-up of each
-- ARGV: op: number of this command; finished: receipt; taken: receipt of the next; finishedField: field of
--       counts of its queue; takenField: of the other; for stepRouting then for each line: queue, how many envelopes,
--       and these
-- returns: {0} (nothing was done) or {1} or {1, envelope}
-- include routing
local HELD, COUNTS, LIST = unpack(KEYS, 1, 3)
local op, finished, taken, finishedField, takenField = unpack(ARGV, 1, 5)

-- This is the fence. It also proves that Redis has not gone back behind the command that took this marble.
if redis.call('HEXISTS', HELD, finished) == 0 then return { 0 } end
if canSend and not canSend() then return { 0 } end

-- A finish does not fail because of the queue behind it: whoever waits there is told.
local envelope = redis.pcall('LINDEX', LIST, -1)
if type(envelope) == 'table' then
  local isNoList = string.find(envelope.err, 'WRONGTYPE', 1, true)
  envelope = not isNoList and redis.call('LINDEX', LIST, -1) -- fails again, and tells in which line
end

redis.call('HINCRBY', COUNTS, finishedField, 1)
if sendOutputs then sendOutputs(COUNTS) end
redis.call('HDEL', HELD, finished)
if not envelope then
  redis.call('HSET', HELD, 'op', op)
  return { 1 }
end
redis.call('HSET', HELD, 'op', op, taken, envelope) -- held before it leaves its queue
redis.call('HINCRBY', COUNTS, takenField, 1)
redis.call('RPOP', LIST)
return { 1, envelope }
