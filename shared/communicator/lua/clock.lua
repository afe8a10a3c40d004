-- purpose: notices that Redis's clock has gone back since a Monitor last looked. Dates that lie ahead by the old
--   clock are then to be set right (clamp, rewind). Until that is done, every call tells of it again.
-- KEYS: CLOCK; SERIAL
-- ARGV: unnoticedMs: how far the clock may go back unnoticed
-- returns: how many ms the clock has gone back (0: it has not, or all is set right)
-- include clock
local CLOCK, SERIAL = unpack(KEYS, 1, 2)
local unnoticedMs = ARGV[1]
local at = now()
local seen, serial, back = unpack(redis.call('HMGET', CLOCK, 'seen', 'serial', 'back'))
if back then return math.floor(back) end
seen = tonumber(seen) or 0
local latest = redis.call('GET', SERIAL) or '0'
if at < seen - unnoticedMs then
  back = seen - at
  redis.call('HSET', CLOCK, 'back', string.format('%.0f', back), 'from', string.format('%.0f', seen), 'before', serial,
    'upTo', latest, 'cursor', '-inf', 'seen', string.format('%.0f', at))
  return back
end
if at > seen then redis.call('HSET', CLOCK, 'seen', string.format('%.0f', at), 'serial', latest) end
return 0
