-- purpose: tells which commands this user may not run. Changes nothing: each is tried on a key that it cannot work on,
--   and Redis looks at the rights of a user before it looks at the key.
-- KEYS: 1 a string (the layout), which what is for lists, hashes and sorted sets refuses; 2 a key that is not there;
--   3 one that is made here to be no number, and passes at once
-- ARGV: of each command: its name, which of the keys (0: none), how many arguments follow, these
-- returns: {command that is refused, ...}
local missing = {}
local function refused(...)
  local answer = redis.pcall(...)
  local err = type(answer) == 'table' and answer.err or ''
  return string.find(err, 'NOPERM', 1, true) or string.find(err, 'The user executing the script can', 1, true)
end
if not redis.call('GET', KEYS[1]) then return missing end -- a flushed run: nothing here is safe to try
local made = not refused('SET', KEYS[3], 'text', 'PX', 1)
local i = 1
while i < #ARGV do
  local command, key, n = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local words = { command }
  if key > 0 then words[2] = KEYS[key] end
  for j = i + 3, i + 2 + n do words[#words + 1] = ARGV[j] end
  if (key ~= 3 or made) and refused(unpack(words)) then missing[#missing + 1] = command end
  i = i + 3 + n
end
return missing
