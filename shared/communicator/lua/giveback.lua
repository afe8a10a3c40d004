-- purpose: gives held marbles back on purpose: failed ones for another attempt (now, later, or never: dead),
--   released ones as if they had not been taken.
-- KEYS: 1-7 run, 8 holders, 9 held, 10 deadlines, 11.. the list of each line
-- ARGV: 1 holder, 2 number of this command, 3 the last that is known to be noted in held, 4 attempts allowed,
--       5 lines, then their queues, then of each marble, last taken first: receipt, line, 'fail' or 'release', delay in ms, the error as JSON
-- returns: {'forgotten'}, or {'ok', {refused receipt, ...}, {receipt of one that is dead now, ...}}
-- include clock run attempts holder
local HOLDERS, HELD, DEADLINES = KEYS[8], KEYS[9], KEYS[10]
local holder, op, default, lines = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
if not redis.call('ZSCORE', HOLDERS, holder) then return { 'forgotten' } end
local last = lastCommand(HELD, tonumber(ARGV[3]))
if not last then return { 'forgotten' } end
local before = refusedBefore(last, op)
if before then return { 'ok', before, {} } end

-- Looked at before anything is changed: a script that fails half-way would leave the marble nowhere.
local function failure(text)
  local readable, err = pcall(cjson.decode, text)
  if not readable then
    err = { message = string.sub(text, 1, 2000) }
    text = cjson.encode(err)
  end
  local message = type(err) == 'table' and type(err.message) == 'string' and err.message or nil
  return { why = 'failed', holder = holder, error = string.gsub(text, '[\r\n]', ' '), message = message }
end

local at, keys, back, refused, dead = now(), linesByQueue(5, 10, lines), {}, {}, {}
for i = 6 + lines, #ARGV, 5 do
  local receipt, queue, verdict, delay = ARGV[i], ARGV[5 + ARGV[i + 1]], ARGV[i + 2], tonumber(ARGV[i + 3])
  local why = verdict == 'fail' and failure(ARGV[i + 4])
  local envelope = redis.call('HGET', HELD, receipt)
  if not envelope then
    refused[#refused + 1] = receipt
  else
    redis.call('HDEL', HELD, receipt)
    redis.call('ZREM', DEADLINES, holder .. ' ' .. receipt)
    if verdict == 'release' then
      back[queue] = back[queue] or {}
      table.insert(back[queue], envelope)
      count(queue, 'released', 1)
    else
      count(queue, 'failed', 1)
      local again = {}
      if retryOrBury(queue, envelope, why, default, at, again) then
        dead[#dead + 1] = receipt
      else
        count(queue, 'returned', 1)
        if delay > 0 then
          pushLater(queue, 'f', again[queue][1], at + delay)
        else
          back[queue] = back[queue] or {}
          table.insert(back[queue], again[queue][1])
        end
      end
    end
  end
end
for queue, envelopes in pairs(back) do pushFront(queue, keys[queue], envelopes, at) end
redis.call('HSET', HELD, 'op', opDone(op, refused))
return { 'ok', refused, dead }
