-- What swap and giveback share: a holder's commands are numbered and run one at a time, so that
-- one sent twice (its reply was lost with the connection) is answered again and not done again.
-- held has, beside the marbles, the field `op`: the last number, and the receipts it refused.

-- What is noted of the last command; nil where that is less than the client knows of: this Redis was a replica that
-- had not heard of it, or has been restored from an old file. What is held here is then not what the client holds.
local function lastCommand(held, known)
  local last = redis.call('HGET', held, 'op') or '0'
  return tonumber(string.match(last, '^%d+')) >= known and last or nil
end

-- Nil if `op` is new; else the receipts that it refused. Asked of every command, not only of repeated ones: the
-- first may have been delayed on its way and come after its repetition.
local function refusedBefore(last, op)
  if tonumber(string.match(last, '^%d+')) < tonumber(op) then return nil end
  local refused = {}
  for receipt in string.gmatch(last, '%d+/%S+') do refused[#refused + 1] = receipt end
  return refused
end

local function opDone(op, refused)
  return op .. ' ' .. table.concat(refused, ' ')
end
