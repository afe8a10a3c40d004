-- purpose: tells what there is to bring back or to promote now.
-- KEYS: 1 holders, 2 deadlines, 3 later
-- ARGV: 1 most of each
-- returns: {{holder whose lease has passed, ...}, {'holder receipt' whose time has passed, ...}, ms until the next
--   delayed marble is due (0: now, -1: there is none)}
-- include clock
local at = now()
local silent = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at, 'LIMIT', 0, ARGV[1])
local overdue = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', at, 'LIMIT', 0, ARGV[1])
local next = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2]
return { silent, overdue, next and math.max(0, math.ceil(next - at)) or -1 }
