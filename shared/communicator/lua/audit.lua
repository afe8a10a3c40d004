-- purpose: counts what is there, for the audit: a step of some lists and holders, and what else there is beside them.
-- KEYS: run; then lists, then held (of holders)
-- ARGV: mark: for the counts where they have none, by which it is seen that they are others; lists: how many; told: '1' to
--       be told the counts
-- returns: {marbles in these, marbles that are delayed or dead, the mark of the counts, {'queue event', count, ...}}
-- include run args
local mark, lists, told = unpack(ARGV, 1, 3)
keysRead, argsRead = 7, 3
redis.call('HSETNX', COUNTS, ' mark', mark)
local there, place = 0, nextKeys(lists)
for i = place + 1, keysRead do there = there + redis.call('LLEN', KEYS[i]) end
for i = keysRead + 1, #KEYS do there = there + math.max(redis.call('HLEN', KEYS[i]) - 1, 0) end -- without its `op`
local aside = redis.call('ZCARD', LATER) + redis.call('ZCARD', DEAD)
return { there, aside, redis.call('HGET', COUNTS, ' mark'), told == '1' and redis.call('HGETALL', COUNTS) or {} }
