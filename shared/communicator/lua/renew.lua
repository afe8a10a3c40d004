-- purpose: begins a new epoch of a lane whose batch the upper run cannot place (one side lost or rolled back its state).
--   Only the batch that is in transit now is in doubt: one that has arrived since is left alone. Nothing is removed.
-- KEYS: 1 lane, 2 transit
-- ARGV: 1 epoch and 2 number of the batch in doubt, 3 the epoch that the upper run knows
-- returns: the new epoch, or '' where that batch is no longer in transit
local epoch, number = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'number'))
if epoch ~= ARGV[1] or number ~= ARGV[2] or redis.call('LLEN', KEYS[2]) == 0 then return '' end
local time = redis.call('TIME')
local fresh = string.format('%.0f', math.max(time[1] * 1000000 + time[2], tonumber(ARGV[3]) + 1))
redis.call('HSET', KEYS[1], 'epoch', fresh, 'number', 1)
return fresh
