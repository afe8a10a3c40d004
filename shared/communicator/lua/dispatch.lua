-- purpose: sends marbles of any kind, to any queues, all of them exactly once and in one step.
-- KEYS: 1-7 run, 8 sender, 9.. the list of each line
-- ARGV: 1 number of this send, 2 ms to remember it, 3 lines, then their queues, then the number of groups,
--       then the groups (lib/outputs)
-- returns: 1 done now, 0 had been done
-- include clock run attempts outputs once
if doneBefore(KEYS[8], ARGV[1], ARGV[2]) then return 0 end
deliver(4 + tonumber(ARGV[3]), 3, 8, now())
return 1
