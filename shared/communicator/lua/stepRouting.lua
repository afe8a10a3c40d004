-- purpose: takes a step of a loop as step does, and sends first what the finished marble sends on, all of it to the
--   backs of queues. None of these is the queue that it takes from.
--   It does nothing where the marble is not held any more, or the key of such a queue holds no list. The holder then asks
--   swapRouting, with the same number.
-- KEYS: HELD; COUNTS; LIST: of the queue to take from; QUEUES; WATCHED; then the list of each line, then the wake-up of
--       each
-- ARGV: op: number of this command; finished: receipt; taken: receipt of the next; finishedField: field of
--       counts of its queue; takenField: of the other; then for each line: queue, how many envelopes, and these
-- returns: {0} (nothing was done) or {1} or {1, envelope}
-- include clock wake
local HELD, COUNTS, LIST, QUEUES, WATCHED = unpack(KEYS, 1, 5)
local op, finished, taken, finishedField, takenField = unpack(ARGV, 1, 5)
local lists, argsRead = 5, 5
local lines = (#KEYS - lists) / 2

if redis.call('HEXISTS', HELD, finished) == 0 then return { 0 } end -- the fence, as in step
for line = lists + 1, lists + lines do
  if type(redis.pcall('LINDEX', KEYS[line], 0)) == 'table' then return { 0 } end
end
-- A finish does not fail because of the queue behind it, as in step.
local envelope = redis.pcall('LINDEX', LIST, -1)
if type(envelope) == 'table' then
  local isNoList = string.find(envelope.err, 'WRONGTYPE', 1, true)
  envelope = not isNoList and redis.call('LINDEX', LIST, -1)
end

redis.call('HINCRBY', COUNTS, finishedField, 1)
for line = lists + 1, lists + lines do
  local queue, n = ARGV[argsRead + 1], tonumber(ARGV[argsRead + 2])
  redis.call('HINCRBY', COUNTS, queue .. ' sent', n)
  if redis.call('LPUSH', KEYS[line], unpack(ARGV, argsRead + 3, argsRead + 2 + n)) == n then -- it was empty
    redis.call('ZADD', QUEUES, now(), queue)
    wake(WATCHED, KEYS[line + lines], queue)
  end
  argsRead = argsRead + 2 + n
end
redis.call('HDEL', HELD, finished)
if not envelope then
  redis.call('HSET', HELD, 'op', op)
  return { 1 }
end
redis.call('HSET', HELD, 'op', op, taken, envelope) -- held before it leaves its queue
redis.call('HINCRBY', COUNTS, takenField, 1)
redis.call('RPOP', LIST)
return { 1, envelope }
