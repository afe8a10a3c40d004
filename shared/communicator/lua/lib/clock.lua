-- Returns milliseconds by Redis's clock: no client's clock decides anything.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
