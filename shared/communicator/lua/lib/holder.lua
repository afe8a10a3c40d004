-- What swap and giveback share: a holder's commands are numbered and run one at a time, so that
-- one sent twice (its reply was lost with the connection) is answered again and not done again.
-- held has, beside the marbles, the field `op`: the last number, and the receipts it refused.

-- Nil if `op` is new; else the receipts that it refused. Asked of every command, not only of repeated ones: the
-- first may have been delayed on its way and come after its repetition.
local function refusedBefore(held, op)
  local last = redis.call('HGET', held, 'op') or '0'
  if tonumber(string.match(last, '^%d+')) < tonumber(op) then return nil end
  local refused = {}
  for receipt in string.gmatch(last, '%d+/%S+') do refused[#refused + 1] = receipt end
  return refused
end

local function opDone(op, refused)
  return op .. ' ' .. table.concat(refused, ' ')
end

local function receiptOf(seq, queue)
  return seq .. '/' .. queue -- as a whole number: a holder takes far fewer than 1e14
end
