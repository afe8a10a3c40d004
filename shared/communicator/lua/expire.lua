-- purpose: keeps the dead within their retention. It removes the oldest that are too many or too old, in steps
--   bounded by number and bytes.
-- KEYS: run; then the five keys of batches
-- ARGV: keep: how many dead may stay (0: any number); keepMs: how long they may stay (0: for ever); most: how many to
--       remove; mostBytes
-- returns: how many were removed; 0: all that are left may stay
-- include clock run letters batches booking
local keep, keepMs, most, mostBytes = unpack(ARGV, 1, 4)
keep, keepMs, most, mostBytes = tonumber(keep), tonumber(keepMs), tonumber(most), tonumber(mostBytes)
local at, removed, bytes = now(), 0, 0
local surplus = keep > 0 and redis.call('ZCARD', DEAD) - keep or 0
redis.call('HDEL', LETTERS, '') -- tried before anything is removed that batches have to know of
redis.call('ZREM', DEAD, '')
batches.try(true)
local oldest = redis.call('ZRANGE', DEAD, 0, most - 1, 'WITHSCORES')
for i = 1, #oldest, 2 do
  local old = keepMs > 0 and at - oldest[i + 1] >= keepMs
  if bytes >= mostBytes or not (removed < surplus or old) then break end
  local letter = redis.call('HGET', LETTERS, oldest[i]) or ''
  local queue, envelope = readLetter(letter)
  if queue then count(queue, 'expired', 1) end
  removeLetter(oldest[i])
  if envelope then batches.letterSettled(envelope, oldest[i], false) end
  removed = removed + 1
  bytes = bytes + #letter
end
batches.bookOwed(at)
return removed
