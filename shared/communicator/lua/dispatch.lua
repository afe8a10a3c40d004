-- purpose: sends marbles of any kind, to any queues, all of them exactly once and in one step.
-- KEYS: 1-7 run, 8 sender, 9.. the list of each line
-- ARGV: 1 number of this send, 2 ms to remember it, 3 lines, then their queues, then the number of groups,
--       then the groups (lib/outputs)
-- returns: 1 done now, 0 had been done
-- include clock run attempts outputs once
local lines = tonumber(ARGV[3])
for i = 1, lines do redis.call('LLEN', KEYS[8 + i]) end -- fails where one is no list, before anything was sent
return once(KEYS[8], ARGV[1], ARGV[2], function() deliver(4 + lines, 3, 8, now()) end) and 1 or 0
