-- Each sender numbers its commands, and Redis remembers the last of it: so a command that is repeated because its reply
-- was lost does nothing, and neither does the first one where it was delayed on its way and comes after the repetition.
local function doneBefore(sender, number, rememberMs)
  local last = redis.call('SET', sender, number, 'PX', rememberMs, 'GET')
  if not last or tonumber(last) < tonumber(number) then return false end
  redis.call('SET', sender, last, 'PX', rememberMs) -- also a write for WAIT: the marbles may not be at the replicas yet
  return true
end
