-- purpose: sends one marble to a queue in which others wait, exactly once. Most sends to a busy run are of this kind,
--   and it costs a twentieth less than push. Where none wait, the queue has to be noted and a holder to be woken: it does
--   nothing then, and the sender asks push, with the same number.
-- KEYS: SENDER; LIST; COUNTS
-- ARGV: number: of this send; rememberMs: how long the send is remembered; field: of counts; envelope
-- returns: 1 where it was done now, 0 where it had been done before, -1 where none wait
local SENDER, LIST, COUNTS = unpack(KEYS, 1, 3)
local number, rememberMs, field, envelope = unpack(ARGV, 1, 4)

-- It numbers sends as lib/once does, without its functions: to make them costs more than all that is saved here.
local last = redis.call('SET', SENDER, number, 'PX', rememberMs, 'GET')
if last and tonumber(last) >= tonumber(number) then
  redis.call('SET', SENDER, last, 'PX', rememberMs)
  return 0
end
local length = redis.pcall('LPUSHX', LIST, envelope)
local counted = type(length) == 'number' and length > 0 and redis.pcall('HINCRBY', COUNTS, field, 1)
if type(counted) == 'number' then return 1 end
redis.call('SET', SENDER, last or 0, 'PX', rememberMs)
if length == 0 then return -1 end
error(counted or length)
