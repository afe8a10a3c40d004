-- purpose: counts the marbles that are there, for the audit. A step looks at some lists and holders, and at the
--   delayed and the dead beside them.
-- KEYS: run; then lists, then held (of holders)
-- ARGV: mark: put on the counts where they have none, to show when they were replaced by others; lists: how many;
--       told: '1' to be told the counts
-- returns: {marbles in these lists and holders, marbles that are delayed or dead, the mark of the counts,
--   {'queue event', count, ...}}
-- include run args
local mark, lists, told = unpack(ARGV, 1, 3)
keysRead, argsRead = 7, 3
redis.call('HSETNX', COUNTS, ' mark', mark)
local there, place = 0, nextKeys(lists)
for i = place + 1, keysRead do there = there + redis.call('LLEN', KEYS[i]) end
for i = keysRead + 1, #KEYS do there = there + math.max(redis.call('HLEN', KEYS[i]) - 1, 0) end -- without its `op`
local aside = redis.call('ZCARD', LATER) + redis.call('ZCARD', DEAD)
return { there, aside, redis.call('HGET', COUNTS, ' mark'), told == '1' and redis.call('HGETALL', COUNTS) or {} }
