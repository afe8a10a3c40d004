-- purpose: tells which holders and deliveries are to be brought back now, and when the next delayed marble is due. A
--   name that is no holder, or no delivery, is forgotten.
-- KEYS: HOLDERS; DEADLINES; LATER
-- ARGV: most: of each kind; skipHolders: how many to pass over, which could not be brought back before;
--       skipDeliveries: likewise
-- returns: {{holder whose lease has passed, ...}, {'holder receipt' whose time has passed, ...}, ms until the next
--   delayed marble is due (0: now, -1: there is none), {name that was forgotten, ...}}
-- include clock
local HOLDERS, DEADLINES, LATER = unpack(KEYS, 1, 3)
local most, skipHolders, skipDeliveries = unpack(ARGV, 1, 3)
local at, forgotten = now(), {}
local function passed(dates, skip, pattern)
  local known = {}
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', dates, '-inf', at, 'LIMIT', skip, most)) do
    if string.find(name, pattern) then
      known[#known + 1] = name
    else
      redis.call('ZREM', dates, name)
      forgotten[#forgotten + 1] = name
    end
  end
  return known
end
local silent = passed(HOLDERS, skipHolders, '^[!-9;-~]+$')
local overdue = passed(DEADLINES, skipDeliveries, '^[!-9;-~]+ %d+/[%w._:/-]+$')
local next = redis.call('ZRANGE', LATER, 0, 0, 'WITHSCORES')[2]
return { silent, overdue, next and math.max(0, math.ceil(next - at)) or -1, forgotten }
