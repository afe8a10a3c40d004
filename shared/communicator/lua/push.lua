-- purpose: sends marbles to the back of one queue, exactly once. Nearly every send is of this kind, so it takes the
--   fewest keys.
-- KEYS: SENDER; LIST; COUNTS; QUEUES
-- ARGV: number: of this send; rememberMs: how long the send is remembered; queue; then envelopes, up to 5,000
-- returns: 1 where it was done now, 0 where it had been done before
-- include clock once
local SENDER, LIST, COUNTS, QUEUES = unpack(KEYS, 1, 4)
local number, rememberMs, queue = unpack(ARGV, 1, 3)
-- The function is handed what it needs: to find that around it costs Redis 5% of a send of one marble.
local function send(LIST, COUNTS, QUEUES, queue)
  local n = #ARGV - 3
  if redis.call('LPUSH', LIST, unpack(ARGV, 4)) == n then -- it was empty: noted in the registry, as lib/run does
    redis.call('ZADD', QUEUES, now(), queue)
  end
  redis.call('HINCRBY', COUNTS, queue .. ' sent', n)
end
return once(SENDER, number, rememberMs, send, LIST, COUNTS, QUEUES, queue) and 1 or 0
