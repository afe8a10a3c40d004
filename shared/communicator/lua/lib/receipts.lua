-- Receipts of a holder: which of those that it names are still in `held`, and which marbles it was given under them.
local refusedSeqs -- seq -> true for those that are not; nil where all are

local function receiptOf(seq, queue)
  return seq .. '/' .. queue -- a whole number: a holder takes far fewer than 1e14
end

-- Reads the next ranges of numbers, and returns the receipts that are still there. That they are is the fence. Where
-- all of a holder's are known to be there (`sure`), nobody needs to look. Otherwise each is asked for by itself.
-- Those that are not there are added to `refused`.
local function stillHeld(held, queue, ranges, sure, refused)
  local there = {}
  for _ = 1, tonumber(ranges) do
    local first, n = nextArgs(2)
    for seq = tonumber(first), first + n - 1 do
      local receipt = receiptOf(seq, queue)
      if sure or redis.call('HEXISTS', held, receipt) == 1 then
        there[#there + 1] = receipt
      else
        refused[#refused + 1] = receipt
        refusedSeqs = refusedSeqs or {}
        refusedSeqs[seq] = true
      end
    end
  end
  return there
end

-- Returns what the holder holds of these numbers, in their order: a hash has none.
local function givenBefore(held, isMeant)
  local given, fields = {}, redis.call('HGETALL', held)
  for i = 1, #fields, 2 do
    local seq, queue = string.match(fields[i], '^(%d+)/(.*)$')
    seq = tonumber(seq)
    if seq and isMeant(seq) then given[#given + 1] = { queue, seq, { fields[i + 1] } } end
  end
  table.sort(given, function(a, b) return a[2] < b[2] end)
  return given
end
