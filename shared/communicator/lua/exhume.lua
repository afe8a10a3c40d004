-- purpose: takes one dead marble out of its grave: back to the end of its queue with its attempts forgotten, or for good.
-- KEYS: 1-7 run, 8 the list of its queue
-- ARGV: 1 serial of the grave, 2 'requeue' or 'delete', 3 queue
-- returns: 1, or 0 where there is no such grave in that queue
-- include run
local grave = redis.call('HGET', GRAVES, ARGV[1])
if not grave then return 0 end
local stop = string.find(grave, '\n', 1, true)
if cjson.decode(string.sub(grave, 1, stop)).queue ~= ARGV[3] then return 0 end
if ARGV[2] == 'requeue' then
  local id, rest = string.match(string.sub(grave, stop + 1), '^(%S+) %d+(.*)$')
  pushBack(ARGV[3], KEYS[8], QUEUES, { id .. ' 0' .. rest }, now())
end
redis.call('HDEL', GRAVES, ARGV[1])
redis.call('ZREM', DEAD, ARGV[1])
return 1
