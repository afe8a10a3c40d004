-- Takes up to `want` envelopes from the front of a list, and no more than about `mostBytes`: in pieces, by the size of
-- those before. What a large reply to a script costs Redis grows with the square of its size.
-- `sofar`, { n = 0, bytes = 0 } at first, is what all lists gave together; it is added to.
local function take(key, want, mostBytes, sofar)
  local taken = {}
  while #taken < want and sofar.bytes < mostBytes do
    local fitting = sofar.n == 0 and 1 or math.ceil((mostBytes - sofar.bytes) * sofar.n / sofar.bytes)
    local piece = math.min(want - #taken, fitting)
    local some = redis.call('RPOP', key, piece) or {}
    for _, envelope in ipairs(some) do
      taken[#taken + 1] = envelope
      sofar.bytes = sofar.bytes + #envelope
    end
    sofar.n = sofar.n + #some
    if #some < piece then break end
  end
  return taken
end
