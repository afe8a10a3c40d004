-- purpose: sends marbles, each exactly once, also when the command is repeated because its reply was lost.
-- KEYS: 1-7 run, 8 sender, 9.. the list of each line
-- ARGV: 1 number of this send, 2 '1' if it may have been done already, 3 ms to remember it,
--       4 lines, then their queues, then the number of groups, then the groups (lib/outputs)
-- returns: 1 done now, 0 had been done
-- include run attempts outputs
local number, again, lines = ARGV[1], ARGV[2] == '1', tonumber(ARGV[4])
if again and redis.call('GET', KEYS[8]) == number then return 0 end
gather(6 + lines, tonumber(ARGV[5 + lines]), true)
deliver(4, 8, now())
redis.call('SET', KEYS[8], number, 'PX', ARGV[3])
return 1
