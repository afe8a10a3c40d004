-- Each sender numbers its commands, and Redis remembers the last number. A command that is repeated because its reply
-- was lost does nothing. Nor does the first one, where it was delayed on its way and comes after the repetition.
local follows -- set by lib/follows

-- Tells whether a command was not done yet: a refusal must come before its number is noted.
local function isNew(sender, number)
  return tonumber(redis.call('GET', sender) or 0) < tonumber(number)
end

-- Calls `send`, with what follows it, where the number is new. Where that fails, the number is forgotten again:
-- otherwise a repetition would be told that it had been done. Returns whether it was done now, or nil where it follows
-- one that was not done.
local function once(sender, number, rememberMs, send, ...)
  local last = redis.call('SET', sender, number, 'PX', rememberMs, 'GET') or 0
  if tonumber(last) >= tonumber(number) then
    redis.call('SET', sender, last, 'PX', rememberMs) -- also a write for WAIT: replicas may not have the marbles yet
    return false
  end
  if follows and tonumber(last) ~= number - 1 then
    redis.call('SET', sender, last, 'PX', rememberMs)
    return nil
  end
  local sent, failure = pcall(send, ...)
  if sent then return true end
  redis.call('SET', sender, last, 'PX', rememberMs)
  error(failure)
end
