-- purpose: gives held marbles back on purpose. Failed ones get another attempt, at once or later, or are dead after
--   their last. The same holds for those over their time limit. Released ones go back as if they had not been taken.
--   Members of cancelled batches are dropped for good. A marble whose large data are not there is dead at once.
-- KEYS: run; WATCHED; HOLDERS; HELD; DEADLINES; ABSENT: a key that is not there, for trials; then the list of each
--       line, then the wake-up of each, then the keys of large data, then the five keys of batches
-- ARGV: holder; op: number of this command; noted: the last number that is known to be noted in held; maxAttempts;
--       then lines, their queues, then for each marble, the last taken first: receipt, line, 'fail', 'late',
--       'release', 'cancel' or 'missing', delay in ms, the error as JSON; for 'cancel' and 'missing' instead of an
--       error the place of its data among the keys of large data ('' where it has none)
-- returns: {'forgotten'}, or {'ok', {refused receipt, ...}, {receipt of a marble that is dead now, ...}}
-- include clock run args wake pushing lines attempts holder batch-keys batches booking
local HOLDERS, HELD, DEADLINES, ABSENT = unpack(KEYS, 9, 12)
local holder, op, noted, maxAttempts = unpack(ARGV, 1, 4)
keysRead, argsRead = 12, 4
local keys, names = nextLines(nextLists)
local dataKeys = keysRead
if not redis.call('ZSCORE', HOLDERS, holder) then return { 'forgotten' } end
local last = lastCommand(HELD, tonumber(noted))
if not last then return { 'forgotten' } end
local before = refusedBefore(last, op)
if before then return { 'ok', before, {} } end

local function failure(text)
  local readable, err = pcall(cjson.decode, text)
  if not readable then
    err = { message = string.sub(text, 1, 2000) }
    text = cjson.encode(err)
  end
  local message = type(err) == 'table' and type(err.message) == 'string' and err.message or nil
  return { why = 'failed', holder = holder, error = string.gsub(text, '[\r\n]', ' '), message = message }
end

-- A missing right is met here, before anything is changed.
redis.call('HDEL', HELD, '')
redis.call('ZREM', DEADLINES, '')
if #KEYS > keysRead + 5 then redis.call('UNLINK', ABSENT) end

local at, back, refused, given, dead, over = now(), {}, {}, {}, {}, {}
local function retry(receipt, queue, envelope, why, delay)
  local again = {}
  if retryOrDie(queue, envelope, why, tonumber(maxAttempts), at, again) then
    dead[#dead + 1] = receipt
    return
  end
  count(queue, 'returned', 1)
  if delay > 0 then
    pushLater(queue, 'f', again[queue][1], at + delay)
  else
    goesBack(back, queue, again[queue][1])
  end
end

local function give(receipt, queue, envelope, verdict, delay, err)
  local dataKey = tonumber(err) and KEYS[dataKeys + err]
  local dropped = verdict == 'cancel' and batches.dropped(envelope)
  if dropped then
    count(queue, 'finished', 1)
    over[#over + 1] = dataKey
  elseif verdict == 'missing' and dataKey and redis.call('TYPE', dataKey).ok ~= 'string' then
    count(queue, 'failed', 1)
    retry(receipt, queue, envelope, { why = 'data missing', holder = holder, isLast = true }, 0)
  elseif verdict == 'release' or verdict == 'cancel' or verdict == 'missing' then
    count(queue, 'released', 1)
    goesBack(back, queue, untouched(envelope))
  elseif verdict == 'late' then
    count(queue, 'dropped', 1)
    retry(receipt, queue, envelope, { why = 'over its time limit', holder = holder }, delay)
  else
    count(queue, 'failed', 1)
    retry(receipt, queue, envelope, failure(err), delay)
  end
end

while argsRead < #ARGV do
  local receipt, line, verdict, delay, err = nextArgs(5)
  local envelope = redis.call('HGET', HELD, receipt)
  if envelope then
    given[#given + 1] = receipt
    give(receipt, ARGV[names + line], envelope, verdict, tonumber(delay), err)
  else
    refused[#refused + 1] = receipt
  end
end
for queue, envelopes in pairs(back) do pushFront(queue, keys[queue], envelopes, at) end
for _, receipt in ipairs(given) do
  redis.call('HDEL', HELD, receipt)
  redis.call('ZREM', DEADLINES, holder .. ' ' .. receipt)
end
for _, dataKey in ipairs(over) do redis.call('UNLINK', dataKey) end
batches.bookOwed(at)
redis.call('HSET', HELD, 'op', opDone(op, refused))
return { 'ok', refused, dead }
