-- Reads a letter as addLetter writes it: a line of JSON that begins with the queue, then the envelope. Returns nil
-- where it is none.
local function readLetter(letter)
  local queue = string.match(letter, '^{"queue":"([^"]*)"')
  local stop = string.find(letter, '\n', 1, true)
  if not queue or not stop then return nil end
  return (string.gsub(queue, '\\/', '/')), string.sub(letter, stop + 1) -- the one character that JSON escapes here
end

-- Removes the date of a letter last: while it has one, it is found again.
local function removeLetter(serial)
  redis.call('HDEL', LETTERS, serial)
  redis.call('ZREM', DEAD, serial)
end
