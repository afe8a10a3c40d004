-- Reads what a command that sends or finishes members says of their batches. First comes the number of words. Then
-- come, for each batch, its id, how many are finished, sent, and of these elevated, and 1 where they are sent from
-- outside of it. Last come two texts, for what is refused. One is of what is finished:
-- `<first seq> <how many seqs> <which batch>`. The other is of what is sent on:
-- `<seq> <which batch> <sent> <elevated>`.
local named, finishedRuns, sentRuns = {}, '', ''

function batches.read()
  local words = tonumber(nextArgs(1))
  for _ = 1, words - 2, 5 do
    local id, finished, sent, up, outside = nextArgs(5)
    named[#named + 1] = { id = id, finished = finished, sent = sent, up = up, outside = outside == '1' }
  end
  finishedRuns, sentRuns = nextArgs(2)
end

-- Returns {batch, why not} where one may not be sent to. It is asked before anything is done.
function batches.refusal()
  for _, one in ipairs(named) do
    local left, done, sealed, cancelled = batches.fields(one.id, 'left', 'done', 'sealed', 'cancel')
    local why = not left and 'unknown' or done and 'complete'
      or one.outside and (cancelled and 'cancelled' or sealed and 'sealed')
    if why then return { one.id, why } end
  end
end

-- Returns the named batches that are cancelled. It is asked before anything is changed: a key that is no hash is met
-- here.
function batches.cancelled()
  local fields, found = {}, {}
  for i, one in ipairs(named) do fields[2 * i - 1], fields[2 * i] = one.id .. ' left', one.id .. ' cancel' end
  local values = redis.call('HMGET', BATCHES, unpack(fields))
  for i, one in ipairs(named) do
    batches.know(one.id, values[2 * i - 1])
    if values[2 * i] then found[#found + 1] = one.id end
  end
  return found
end

-- Takes out a finish that was refused, and what it was to send: neither is booked. `refused`: seq -> true.
local function withoutRefused(refused)
  for seq, n, which in string.gmatch(finishedRuns, '(%d+) (%d+) (%d+)') do
    local one = named[tonumber(which)]
    for number = tonumber(seq), seq + n - 1 do
      if refused[number] then one.finished = one.finished - 1 end
    end
  end
  for seq, which, sent, up in string.gmatch(sentRuns, '(%d+) (%d+) (%d+) (%d+)') do
    local one = named[tonumber(which)]
    if refused[tonumber(seq)] then one.sent, one.up = one.sent - sent, one.up - up end
  end
end

-- Books the named batches. Elevated members are left until their batch says otherwise: nothing comes back from above.
function batches.bookNamed(at, refused)
  if refused then withoutRefused(refused) end
  for _, one in ipairs(named) do
    local left = one.sent - one.finished
    local isOver = tonumber(one.up) > 0 and isBatch(one.id) and batches.policy(batches.fields(one.id, 'about')).elevated == 'done'
    if isOver then left = left - one.up end
    if one.sent ~= 0 then batches.owe(one.id, 'sent', tonumber(one.sent)) end
    batches.owe(one.id, 'left', left)
  end
  batches.bookOwed(at)
end
