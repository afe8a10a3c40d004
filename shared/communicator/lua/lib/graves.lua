-- Graves, as bury writes them: a line of JSON that begins with the queue, then the envelope. Nil where it is none.
local function readGrave(grave)
  local queue = string.match(grave, '^{"queue":"([^"]*)"')
  local stop = string.find(grave, '\n', 1, true)
  if not queue or not stop then return nil end
  return (string.gsub(queue, '\\/', '/')), string.sub(grave, stop + 1) -- the one character of a name that JSON escapes here
end

-- The date goes last: what has one is found again.
local function closeGrave(serial)
  redis.call('HDEL', GRAVES, serial)
  redis.call('ZREM', DEAD, serial)
end
