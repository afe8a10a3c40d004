-- Reads what a command that sends or finishes members says of their batches. First comes the number of batches, and
-- '1' where some are sent. Then come columns, each with a value for each batch: the field of its `left`, and how many
-- of it are finished; where some are sent, also how many are sent, how many of these elevated, and 1 where they are
-- sent from outside of it. Last come two texts, for what is refused. One is of what is finished:
-- `<first seq> <how many seqs> <which batch>`. The other is of what is sent on:
-- `<seq> <which batch> <sent> <elevated>`.
local named, sending -- the number of batches; whether some are sent
local leftFields, finished, sent, elevated, outside -- the places of the columns
local finishedRuns, sentRuns
local leftBefore = {} -- what is left of each; false for a batch that is not known

function batches.read()
  named, sending = nextArgs(2)
  named, sending = tonumber(named), sending == '1'
  leftFields, finished = nextPlace(named), nextPlace(named)
  if sending then sent, elevated, outside = nextPlace(named), nextPlace(named), nextPlace(named) end
  finishedRuns, sentRuns = nextArgs(2)
end

local function idOf(i)
  return string.sub(ARGV[leftFields + i], 1, -#' left' - 1)
end

-- Returns {batch, why not} where one may not be sent to. It is asked before anything is done.
function batches.refusal()
  for i = 1, named do
    local id = idOf(i)
    local left, done, sealed, cancelled = unpack(redis.call('HMGET', BATCHES, ARGV[leftFields + i],
      batchField(id, 'done'), batchField(id, 'sealed'), batchField(id, 'cancel')))
    leftBefore[i] = left
    local why = not left and 'unknown' or done and 'complete'
      or ARGV[outside + i] == '1' and (cancelled and 'cancelled' or sealed and 'sealed')
    if why then return { id, why } end
  end
end

-- Returns the named batches that are cancelled. It is asked before anything is changed: a key of another type is met
-- here.
function batches.cancelled()
  if named == 0 then return {} end
  leftBefore = redis.call('HMGET', BATCHES, unpack(ARGV, leftFields + 1, leftFields + named))
  local found = {}
  if redis.call('ZCARD', CANCELLED) == 0 then return found end
  for i = 1, named do
    if redis.call('ZSCORE', CANCELLED, idOf(i)) then found[#found + 1] = idOf(i) end
  end
  return found
end

-- Tries the write by which all is booked, in a form that changes nothing, before something is removed that is to be
-- booked.
function batches.tryNamed()
  for i = 1, named do
    if leftBefore[i] then return redis.call('HSET', BATCHES, ARGV[leftFields + i], leftBefore[i]) end
  end
end

local function take(column, which, n)
  ARGV[column + which] = ARGV[column + which] - n
end

-- Takes out a finish that was refused, and what it was to send: neither is booked. `refused`: seq -> true.
local function withoutRefused(refused)
  for seq, n, which in string.gmatch(finishedRuns, '(%d+) (%d+) (%d+)') do
    for number = tonumber(seq), seq + n - 1 do
      if refused[number] then take(finished, which, 1) end
    end
  end
  for seq, which, sends, up in string.gmatch(sentRuns, '(%d+) (%d+) (%d+) (%d+)') do
    if refused[tonumber(seq)] then
      take(sent, which, sends)
      take(elevated, which, up)
    end
  end
end

-- Books a batch of which nothing may be left now, or elevated. Elevated members are left until their batch says
-- otherwise: nothing comes back from above.
local function bookInFull(i, sends, up, change)
  local id = idOf(i)
  batches.know(id, leftBefore[i])
  if up > 0 and batches.policy(batches.fields(id, 'about')).elevated == 'done' then change = change - up end
  if sends ~= 0 then batches.owe(id, 'sent', sends) end
  batches.owe(id, 'left', change)
end

-- Books the named batches. Where something is left of a batch before and after, its new number is all there is to
-- write. All of these are written at once: in this step nothing else has changed them.
function batches.bookNamed(at, refused)
  if refused then withoutRefused(refused) end
  local writes = {}
  for i = 1, named do
    local left, sends, up = leftBefore[i], 0, 0
    if sending then sends, up = tonumber(ARGV[sent + i]), tonumber(ARGV[elevated + i]) end
    local after = left and left + sends - ARGV[finished + i]
    if left and (left == '0' or after <= 0 or up > 0) then
      bookInFull(i, sends, up, after - left)
    elseif left then
      if sends > 0 then redis.call('HINCRBY', BATCHES, batchField(idOf(i), 'sent'), sends) end
      writes[#writes + 1] = ARGV[leftFields + i]
      writes[#writes + 1] = after
    end
  end
  if #writes > 0 then redis.call('HSET', BATCHES, unpack(writes)) end
  local bookOwed = rawget(batches, 'bookOwed') -- is there only where something may be owed
  if bookOwed then bookOwed(at) end
end
