-- Outputs of a step, all of them to the backs of queues. None of these is the queue that the step takes from. Behind the
-- keys and arguments that have a name lie the list of each line, then the wake-up of each; and for each line its queue, how
-- many envelopes, and these.
local QUEUES, WATCHED = unpack(KEYS, 4, 5)
local lists, argsRead = 5, 5
local lines = (#KEYS - lists) / 2
-- Both functions are declared in lib/routing. A table for them would cost each step.

-- Tells whether each key of a line holds a list, or nothing. The swap knows what to do with others.
function canSend()
  for line = lists + 1, lists + lines do
    if type(redis.pcall('LINDEX', KEYS[line], 0)) == 'table' then return false end
  end
  return true
end

function sendOutputs(COUNTS)
  for line = lists + 1, lists + lines do
    local queue, n = ARGV[argsRead + 1], tonumber(ARGV[argsRead + 2])
    redis.call('HINCRBY', COUNTS, queue .. ' sent', n)
    if redis.call('LPUSH', KEYS[line], unpack(ARGV, argsRead + 3, argsRead + 2 + n)) == n then -- it was empty
      redis.call('ZADD', QUEUES, now(), queue)
      wake(WATCHED, KEYS[line + lines], queue)
    end
    argsRead = argsRead + 2 + n
  end
end
