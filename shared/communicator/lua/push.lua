-- purpose: sends marbles to the back of one queue, exactly once. Nearly every send is of this kind, so it takes the
--   fewest keys. pushNext is sent while the sender's command before it is under way, and does nothing where that was not
--   done; the sender asks push then, with the same number.
-- KEYS: SENDER; LIST; COUNTS; QUEUES; WATCHED; WAKE: of the list
-- ARGV: number: of this send; rememberMs: how long the send is remembered; queue; then envelopes, up to 5,000
-- returns: 2 where it was done now and others waited in the queue, 1 where it was done now and none did, 0 where it had
--   been done before; for pushNext -1 where the command before was not done
-- include clock once wake
local SENDER, LIST, COUNTS, QUEUES, WATCHED, WAKE = unpack(KEYS, 1, 6)
local number, rememberMs, queue = unpack(ARGV, 1, 3)
local done = 2
-- The function is handed what it needs: to find that around it costs Redis 5% of a send of one marble.
local function send(LIST, COUNTS, QUEUES, queue, WATCHED, WAKE)
  local n = #ARGV - 3
  if redis.call('LPUSH', LIST, unpack(ARGV, 4)) == n then -- it was empty: told as lib/pushing does
    done = 1
    redis.call('ZADD', QUEUES, now(), queue)
    wake(WATCHED, WAKE, queue)
  end
  redis.call('HINCRBY', COUNTS, queue .. ' sent', n)
end
local isDone = once(SENDER, number, rememberMs, send, LIST, COUNTS, QUEUES, queue, WATCHED, WAKE)
return isDone and done or isDone == nil and -1 or 0
