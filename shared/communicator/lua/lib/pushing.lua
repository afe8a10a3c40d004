-- Pushes marbles to queues and outboxes, for scripts that have the key of what is watched behind those of the run. Each
-- line has two keys, its list and its wake-up.
local WATCHED = KEYS[8]
local wakeUps = {} -- list -> its wake-up

-- Reads the keys of so many lines: first their lists, then their wake-ups. Returns the place of the lists.
local function nextLists(n)
  local lists, beside = nextKeys(n), nextKeys(n)
  for i = 1, n do wakeUps[KEYS[lists + i]] = KEYS[beside + i] end
  return lists
end

-- Marbles that cannot lie in their queue, because its key holds something else, go to the dead. They must neither be
-- lost nor stop the others.
local NO_LIST = '{"why":"no queue","error":{"message":"the key of this queue holds something other than a list"}}'
local function addLetters(queue, envelopes, from, to, at)
  for i = from, to do addLetter(queue, envelopes[i], NO_LIST, at) end
  redis.call('ZADD', QUEUES, at, queue) -- so that its counts are shown
end

-- Pushes values[from] to values[to]. Long lists go in pieces, because unpack() has a limit of some 8,000 values.
-- Returns the length of the list, or nothing where the key holds something else.
local function pushAll(side, key, values, from, to)
  local length
  for first = from, to, 5000 do
    local last = math.min(first + 4999, to)
    if side == 'back' then
      length = redis.pcall('LPUSH', key, unpack(values, first, last))
    else
      length = redis.pcall('RPUSH', key, unpack(values, first, last))
    end
    if type(length) == 'table' then
      if string.find(length.err, 'WRONGTYPE', 1, true) then return nil end
      error(length)
    end
  end
  return length
end

-- A queue that stops being empty is noted in the registry and wakes a holder: one command or three for each awakening,
-- none for a further send. An outbox wakes nobody, and has its own key in the place of a wake-up.
local function awakens(queue, key, registry, at)
  redis.call('ZADD', registry, at, queue)
  if wakeUps[key] ~= key then wake(WATCHED, wakeUps[key], queue) end
end

local function pushBack(queue, key, registry, at, envelopes, from, to)
  from, to = from or 1, to or #envelopes
  local length = pushAll('back', key, envelopes, from, to)
  if not length then
    addLetters(queue, envelopes, from, to, at)
  elseif length == to - from + 1 then
    awakens(queue, key, registry, at)
  end
end

-- Pushes to the front. In `lastFirst`, the envelope to be taken first comes last.
local function pushFront(queue, key, lastFirst, at)
  local length = pushAll('front', key, lastFirst, 1, #lastFirst)
  if not length then
    addLetters(queue, lastFirst, 1, #lastFirst, at)
  elseif length == #lastFirst then
    awakens(queue, key, QUEUES, at)
  end
end
