-- purpose: sends marbles, each exactly once, also when the command is repeated because its reply was lost, and when
--   the first one, delayed on its way, arrives after the repetition.
-- KEYS: 1-7 run, 8 sender, 9.. the list of each line
-- ARGV: 1 number of this send, 2 ms to remember it, 3 lines, then their queues, then the number of groups,
--       then the groups (lib/outputs)
-- returns: 1 done now, 0 had been done
-- include run attempts outputs
local number, lines = tonumber(ARGV[1]), tonumber(ARGV[3])
local last = redis.call('SET', KEYS[8], ARGV[1], 'PX', ARGV[2], 'GET')
if last and tonumber(last) >= number then
  redis.call('SET', KEYS[8], last, 'PX', ARGV[2]) -- also a write for WAIT: the marbles may not be at the replicas yet
  return 0
end
gather(5 + lines, tonumber(ARGV[4 + lines]), true)
deliver(3, 8, now())
return 1
