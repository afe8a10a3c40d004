-- purpose: tells which leases and time limits have passed. A name that is no holder, or no delivery, is forgotten.
-- KEYS: HOLDERS; DEADLINES
-- ARGV: most: of each kind; skipHolders: how many to pass over, which could not be brought back before;
--       skipDeliveries: likewise
-- returns: {{holder whose lease has passed, ...}, {'holder receipt' whose time has passed, ...}, {name that was
--   forgotten, ...}}
-- include clock
local HOLDERS, DEADLINES = unpack(KEYS, 1, 2)
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
return { silent, overdue, forgotten }
