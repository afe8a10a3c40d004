-- purpose: sends marbles to the back of one queue, exactly once: what nearly every send is, so it takes the fewest keys.
-- KEYS: 1 sender, 2 list, 3 counts, 4 queues
-- ARGV: 1 number of this send, 2 ms to remember it, 3 queue, 4.. envelopes, up to 5,000
-- returns: 1 done now, 0 had been done
-- include clock once
local function send()
  local n = #ARGV - 3
  if redis.call('LPUSH', KEYS[2], unpack(ARGV, 4)) == n then -- it was empty: noted in the registry, as lib/run does
    redis.call('ZADD', KEYS[4], now(), ARGV[3])
  end
  redis.call('HINCRBY', KEYS[3], ARGV[3] .. ' sent', n)
end
return once(KEYS[1], ARGV[1], ARGV[2], send) and 1 or 0
