-- Commands of a holder (swap, giveback) are numbered and run one at a time. A command that is sent twice, because its
-- reply was lost with the connection, is answered again and not done again. Beside the marbles, held has the field
-- `op`: the last number, and the receipts that it refused.

-- Returns what is noted of the last command, or nil where that is less than the client knows of. This Redis was then
-- a replica that had not heard of it, or has been restored from an old file. It does not hold what the client holds.
local function lastCommand(held, known)
  local last = redis.call('HGET', held, 'op') or '0'
  return tonumber(string.match(last, '^%d+')) >= known and last or nil
end

-- Returns nil if `op` is new, or else the receipts that it refused. Every command is asked about, not only repeated
-- ones: the first may have been delayed on its way and come after its repetition.
local function refusedBefore(last, op)
  if tonumber(string.match(last, '^%d+')) < tonumber(op) then return nil end
  local refused = {}
  for receipt in string.gmatch(last, '%d+/%S+') do refused[#refused + 1] = receipt end
  return refused
end

local function opDone(op, refused)
  return op .. ' ' .. table.concat(refused, ' ')
end
