-- purpose: counts what is there, for the audit: a step of some lists and holders, and what else there is beside them.
-- KEYS: 1-7 run, 8.. lists, then held (of holders)
-- ARGV: 1 a mark for the counts where they have none, by which it is seen that they are others, 2 lists,
--       3 '1' to be told the counts
-- returns: {marbles in these, marbles that are delayed or dead, the mark of the counts, {'queue event', count, ...}}
-- include run
redis.call('HSETNX', COUNTS, ' mark', ARGV[1])
local lists, there = tonumber(ARGV[2]), 0
for i = 8, 7 + lists do there = there + redis.call('LLEN', KEYS[i]) end
for i = 8 + lists, #KEYS do there = there + math.max(redis.call('HLEN', KEYS[i]) - 1, 0) end -- without its `op`
local aside = redis.call('ZCARD', LATER) + redis.call('ZCARD', DEAD)
return { there, aside, redis.call('HGET', COUNTS, ' mark'), ARGV[3] == '1' and redis.call('HGETALL', COUNTS) or {} }
