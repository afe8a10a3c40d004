-- purpose: moves marbles from the front of one list to the end of another.
-- KEYS: 1-7 run, 8 from, 9 to
-- ARGV: 1 queue that they go to, 2 most marbles
-- returns: how many were moved
-- include clock run
local envelopes = redis.call('RPOP', KEYS[8], ARGV[2])
if not envelopes then return 0 end
pushBack(ARGV[1], KEYS[9], QUEUES, now(), envelopes)
return #envelopes
