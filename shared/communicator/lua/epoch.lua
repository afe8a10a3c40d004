-- purpose: begins a new epoch of a lane whose transit the upper run cannot place, because one side lost or rolled back
--   its state. Only the transit that is under way now is in doubt: one that has arrived since is left alone. Nothing
--   is removed.
-- KEYS: LANE; TRANSIT
-- ARGV: epoch: of the transit in doubt; number: of that transit; knownEpoch: the epoch that the upper run knows
-- returns: the new epoch, or '' where that transit is no longer under way
local LANE, TRANSIT = unpack(KEYS, 1, 2)
local epoch, number, knownEpoch = unpack(ARGV, 1, 3)
local itsEpoch, itsNumber = unpack(redis.call('HMGET', LANE, 'epoch', 'number'))
if itsEpoch ~= epoch or itsNumber ~= number or redis.call('LLEN', TRANSIT) == 0 then return '' end
local time = redis.call('TIME')
local fresh = string.format('%.0f', math.max(time[1] * 1000000 + time[2], tonumber(knownEpoch) + 1))
redis.call('HSET', LANE, 'epoch', fresh, 'number', 1)
return fresh
