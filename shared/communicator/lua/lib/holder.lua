-- What swap and giveback share: a holder's commands are numbered and run one at a time, so that
-- one sent twice (its reply was lost with the connection) is answered again and not done again.
-- held has, beside the marbles, the field `op`: the last number, and the receipts it refused.

-- Nil unless `op` is what was done last; then the receipts that were refused.
local function refusedBefore(held, op)
  local number, receipts = string.match(redis.call('HGET', held, 'op') or '', '^(%d+) ?(.*)$')
  if number ~= op then return nil end
  local refused = {}
  for receipt in string.gmatch(receipts, '%S+') do refused[#refused + 1] = receipt end
  return refused
end

local function opDone(op, refused)
  return op .. ' ' .. table.concat(refused, ' ')
end

local function receiptOf(seq, queue)
  return string.format('%.0f', seq) .. '/' .. queue
end
