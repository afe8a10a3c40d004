-- Each sender numbers its commands, and Redis remembers the last of it: so a command that is repeated because its reply
-- was lost does nothing, and neither does the first one where it was delayed on its way and comes after the repetition.
--
-- Whether a command was not done yet: what is refused must be refused before its number is noted.
local function isNew(sender, number)
  return tonumber(redis.call('GET', sender) or 0) < tonumber(number)
end

-- `send` is called, with what follows it, where that is new. Where it fails, the number is forgotten again: else a repetition
-- would be told that it had been done. Returns whether it was done now.
local function once(sender, number, rememberMs, send, ...)
  local last = redis.call('SET', sender, number, 'PX', rememberMs, 'GET')
  if last and tonumber(last) >= tonumber(number) then
    redis.call('SET', sender, last, 'PX', rememberMs) -- also a write for WAIT: the marbles may not be at the replicas yet
    return false
  end
  local sent, failure = pcall(send, ...)
  if sent then return true end
  redis.call('SET', sender, last or 0, 'PX', rememberMs)
  error(failure)
end
