-- Decides on a delivery that was not finished: another attempt or a dead letter, and which marble is charged for it.
--
-- A failure adds a word to the envelope's header (letter f): JSON in which spaces are written \u0020. A marble that
-- was held when its holder died is a suspect (letter d). Its word is 1, or 2 after it was worked on among suspects
-- and that ended so again. The beginning of work on a suspect is noted before the work (letter g, lua/begin): `c`
-- among others, `a` alone.
local MOST_FAILURES, MOST_MESSAGE_BYTES = 10, 200

-- Splits an envelope into its id, its attempt, the words behind it, and the rest from the newline on. Returns nothing
-- where it is no envelope.
local function split(envelope)
  local stop = string.find(envelope, '\n', 1, true)
  if not stop then return nil end
  local id, attempt, words = string.match(string.sub(envelope, 1, stop - 1), '^(%S+) (%d+)(.*)$')
  if not id then return nil end
  return id, tonumber(attempt), words, string.sub(envelope, stop)
end

-- Adds one failure to what the header says after its attempt. Where there are many, the oldest give way.
local function remember(words, attempt, at, why)
  local failure = '{"attempt":' .. attempt .. ',"at":' .. string.format('%.0f', at) .. ',"why":' .. cjson.encode(why.why)
  if why.message then failure = failure .. ',"error":' .. cjson.encode(string.sub(why.message, 1, MOST_MESSAGE_BYTES)) end
  local _, known = string.gsub(words, ' f=', ' f=')
  if known >= MOST_FAILURES then words = string.gsub(words, ' f=%S+', '', known + 1 - MOST_FAILURES) end
  return words .. ' f=' .. string.gsub(failure .. '}', ' ', '\\u0020')
end

-- Returns the envelope with its attempt raised, the attempt, and how many it may have. A marble that failed by itself
-- is no suspect.
local function raise(envelope, default, at, why)
  local id, attempt, words, rest = split(envelope)
  if not id then return envelope, 0, 0 end -- no envelope: never to be handed out again
  attempt = attempt + 1
  words = string.gsub(words, why.why == 'failed' and ' [dg]=%S+' or ' g=%S+', '')
  local allowed = tonumber(string.match(words, ' m=(%d+)')) or default
  return id .. ' ' .. attempt .. remember(words, attempt, at, why) .. rest, attempt, allowed
end

-- Adds an envelope to `back`, queue -> envelopes, for the front of its queue.
local function goesBack(back, queue, envelope)
  local list = back[queue] or {}
  back[queue] = list
  list[#list + 1] = envelope
end

-- Ends a delivery that was not finished: raises its attempt, and either makes it a dead letter (true) or adds it to
-- `back`. `why` has why, holder, isLast where no other attempt can help, and for a failure error (JSON) and message.
local function retryOrDie(queue, envelope, why, default, at, back)
  local raised, attempt, allowed = raise(envelope, default, at, why)
  if batches then batches.owe(batches.of(envelope), 'failed', 1) end
  if attempt >= allowed or why.isLast then
    addLetter(queue, raised, '{"why":' .. cjson.encode(why.why) .. ',"holder":' .. cjson.encode(why.holder)
      .. (why.error and ',"error":' .. why.error or '') .. ',"attempts":' .. attempt .. '}', at)
    return true
  end
  goesBack(back, queue, raised)
  return false
end

-- Returns the envelope as if it had not been taken. Only the note of its beginning goes.
local function untouched(envelope)
  local id, attempt, words, rest = split(envelope)
  if not id or not string.find(words, ' g=', 1, true) then return envelope end
  return id .. ' ' .. attempt .. string.gsub(words, ' g=%S+', '') .. rest
end

-- Judges one of several marbles that may have ended their holder. Returns nil where it is the one: it had begun,
-- alone. Otherwise returns it as it goes back, uncharged: a suspect, or under more suspicion. A suspect whose work is
-- known not to have begun goes back as it was.
local function suspected(envelope)
  local id, attempt, words, rest = split(envelope)
  if not id then return envelope end
  local begun, suspicion = string.match(words, ' g=(%a)'), string.match(words, ' d=(%d)')
  if begun == 'a' then return nil end
  if suspicion and not begun then return envelope end
  words = string.gsub(words, ' [dg]=%S+', '')
  return id .. ' ' .. attempt .. words .. ' d=' .. (suspicion and 2 or 1) .. rest
end
