-- purpose: keeps the dead within their retention. It removes the oldest that are too many or too old, in steps
--   bounded by number and bytes.
-- KEYS: run; ABSENT: a key that is not there, for trials; then the keys of large data, then the five keys of batches
-- ARGV: keep: how many dead may stay (0: any number); keepMs: how long they may stay (0: for ever); most: how many to
--       remove; mostBytes; then names of large data (lib/over)
-- returns: {how many were removed (0: all that are left may stay), name of large data that is missing, ...}
-- include clock run args lines letters refers over batch-keys batches booking
local ABSENT = KEYS[8]
local keep, keepMs, most, mostBytes = unpack(ARGV, 1, 4)
keep, keepMs, most, mostBytes = tonumber(keep), tonumber(keepMs), tonumber(most), tonumber(mostBytes)
keysRead, argsRead = 8, 4
nextDataKeys()
local at, bytes, letters, envelopes = now(), 0, {}, {}
local surplus = keep > 0 and redis.call('ZCARD', DEAD) - keep or 0
redis.call('HDEL', LETTERS, '') -- tried before anything is removed that batches have to know of
redis.call('ZREM', DEAD, '')
batches.try(true)
tryDeletion(ABSENT)
local oldest = redis.call('ZRANGE', DEAD, 0, most - 1, 'WITHSCORES')
for i = 1, #oldest, 2 do
  local old = keepMs > 0 and at - oldest[i + 1] >= keepMs
  if bytes >= mostBytes or not (#letters < surplus or old) then break end
  local letter = redis.call('HGET', LETTERS, oldest[i]) or ''
  local queue, envelope = readLetter(letter)
  letters[#letters + 1] = { serial = oldest[i], queue = queue, envelope = envelope }
  envelopes[#envelopes + 1] = envelope
  bytes = bytes + #letter
end
local unknown = unknownData(envelopes)
if #unknown > 0 then return { 0, unpack(unknown) } end

for _, letter in ipairs(letters) do
  if letter.queue then count(letter.queue, 'expired', 1) end
  removeLetter(letter.serial)
  if letter.envelope then batches.letterSettled(letter.envelope, letter.serial, false) end
end
deleteData(envelopes)
batches.bookOwed(at)
return { #letters }
