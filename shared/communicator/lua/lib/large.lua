-- Large data of marbles that a command sends or finishes. What is said of them comes behind what is said of batches
-- (lib/members). First comes how many are sent, and the name of each. Then comes how many are finished, and the seq of
-- each. Their keys come in the same order, before those of batches, and before them all a key that is not there, for
-- trials.
--
-- Data were set before this command, by the same client, with a time to live. The step that sends their marble makes
-- them last. So what a client leaves behind that dies between the two goes by itself.
large = {} -- declared in lib/run
local sentKeys, overSeqs, over, firstKey = {}, nil, nil, nil

local readBatches = batches.read
function batches.read()
  readBatches()
  local sent, names = nextList()
  over, overSeqs = nextList()
  firstKey = #KEYS - 5 - sent - over
  for i = 1, sent do sentKeys[ARGV[names + i]] = KEYS[firstKey + i] end
end

-- Tells whether all data that are to be sent are there. This is asked before anything is done, and so are both commands
-- that follow: in a form that changes nothing.
function large.isThere()
  redis.call('PERSIST', KEYS[firstKey])
  redis.call('UNLINK', KEYS[firstKey])
  for _, key in pairs(sentKeys) do
    if redis.call('EXISTS', key) == 0 then return false end
  end
  return true
end

-- Makes the data of these envelopes last, right before they are pushed. Data of a finish that was refused are not among
-- them, and go by themselves.
function large.keep(envelopes, from, to)
  for i = from, to do
    local name = refersTo(envelopes[i])
    local key = name and sentKeys[name]
    if key then redis.call('PERSIST', key) end
  end
end

-- Deletes the data of what was finished, by one command. Those of a marble whose finish was refused belong to its next
-- delivery. `refused`: seq -> true.
function large.finish(refused)
  local keys = {}
  for i = 1, over do
    if not (refused and refused[tonumber(ARGV[overSeqs + i])]) then keys[#keys + 1] = KEYS[#KEYS - 5 - over + i] end
  end
  if #keys > 0 then redis.call('UNLINK', unpack(keys)) end
end
