-- Looks at up to `want` envelopes at the front of a list, and no more than about `mostBytes`. It reads in pieces, by
-- the size of those before, because the cost of a large reply to a script grows with the square of its size. The
-- caller puts them elsewhere and then calls `drop`: a failure between the two leaves them where they were.
-- `sofar`, { n = 0, bytes = 0 } at first, is what all lists gave together. It is added to.
local function look(key, want, mostBytes, sofar)
  local seen = {}
  while #seen < want and sofar.bytes < mostBytes do
    local fitting = sofar.n == 0 and 1 or math.ceil((mostBytes - sofar.bytes) * sofar.n / sofar.bytes)
    local piece = math.min(want - #seen, fitting)
    local some = redis.call('LRANGE', key, -#seen - piece, -#seen - 1)
    for i = #some, 1, -1 do
      seen[#seen + 1] = some[i]
      sofar.bytes = sofar.bytes + #some[i]
    end
    sofar.n = sofar.n + #some
    if #some < piece then break end
  end
  return seen
end

-- Removes `n` from the front.
local function drop(key, n)
  redis.call('LTRIM', key, 0, -n - 1)
end
