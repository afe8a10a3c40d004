-- purpose: tells what there is to bring back or to promote now. What is no holder, or no delivery, is forgotten.
-- KEYS: 1 holders, 2 deadlines, 3 later
-- ARGV: 1 most of each, 2 how many holders and 3 how many deliveries to skip: those that could not be brought back before
-- returns: {{holder whose lease has passed, ...}, {'holder receipt' whose time has passed, ...}, ms until the next
--   delayed marble is due (0: now, -1: there is none), {what was forgotten, ...}}
-- include clock
local at, forgotten = now(), {}
local function passed(dates, skip, pattern)
  local known = {}
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', dates, '-inf', at, 'LIMIT', skip, ARGV[1])) do
    if string.find(name, pattern) then
      known[#known + 1] = name
    else
      redis.call('ZREM', dates, name)
      forgotten[#forgotten + 1] = name
    end
  end
  return known
end
local silent = passed(KEYS[1], ARGV[2], '^[!-9;-~]+$')
local overdue = passed(KEYS[2], ARGV[3], '^[!-9;-~]+ %d+/[%w._:/-]+$')
local next = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2]
return { silent, overdue, next and math.max(0, math.ceil(next - at)) or -1, forgotten }
