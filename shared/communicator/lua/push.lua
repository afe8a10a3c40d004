-- purpose: sends marbles to the back of one queue, exactly once: what nearly every send is, so it takes the fewest keys.
-- KEYS: SENDER; LIST; COUNTS; QUEUES
-- ARGV: number: of this send; rememberMs: so long it is remembered; queue; then envelopes, up to 5,000
-- returns: 1 done now, 0 had been done
-- include clock once
local SENDER, LIST, COUNTS, QUEUES = unpack(KEYS, 1, 4)
local number, rememberMs, queue = unpack(ARGV, 1, 3)
-- It is handed what it needs: to find that around it costs Redis 5% of a send of one.
local function send(LIST, COUNTS, QUEUES, queue)
  local n = #ARGV - 3
  if redis.call('LPUSH', LIST, unpack(ARGV, 4)) == n then -- it was empty: noted in the registry, as lib/run does
    redis.call('ZADD', QUEUES, now(), queue)
  end
  redis.call('HINCRBY', COUNTS, queue .. ' sent', n)
end
return once(SENDER, number, rememberMs, send, LIST, COUNTS, QUEUES, queue) and 1 or 0
