-- purpose: tells which commands this user may not run. It changes nothing: each command is tried on a key that it
--   cannot work on, and Redis looks at the rights of a user before it looks at the key.
-- KEYS: LAYOUT: a string, which commands for lists, hashes and sorted sets refuse; ABSENT: not there; NUMBERLESS:
--       made here to be no number, and passes at once
-- ARGV: for each command: its name, which of the keys (0: none), how many arguments follow, and these
-- returns: {command that is refused, ...}
-- include args
local LAYOUT, ABSENT, NUMBERLESS = unpack(KEYS, 1, 3)
keysRead, argsRead = 3, 0
local missing, triedOn = {}, { LAYOUT, ABSENT, NUMBERLESS }
local function refused(...)
  local answer = redis.pcall(...)
  local err = type(answer) == 'table' and answer.err or ''
  return string.find(err, 'NOPERM', 1, true) or string.find(err, 'The user executing the script can', 1, true)
end
if not redis.call('GET', LAYOUT) then return missing end -- a flushed run: nothing here is safe to try
local made = not refused('SET', NUMBERLESS, 'text', 'PX', 1)
while argsRead < #ARGV do
  local command, which = nextArgs(2)
  local key = triedOn[tonumber(which)]
  local words = { command, key }
  local n, place = nextList()
  for i = place + 1, place + n do words[#words + 1] = ARGV[i] end
  if (key ~= NUMBERLESS or made) and refused(unpack(words)) then missing[#missing + 1] = command end
end
return missing
